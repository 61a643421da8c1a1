import { connectionLost, connectionMade, openSockets, retryNow } from "./connection";

export interface SocketOptions {
  /** Read at each connecting, so that it can say where to go on. */
  path: () => string;
  onMessage: (message: unknown, send: (reply: object) => void) => void;
  /** The line is gone; what had been received in part is to be forgotten. */
  onClosed?: () => void;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** A silent line is asked whether it is alive. */
const PING_MS = 25_000;
const PONG_MS = 8_000;
/** A hidden page lets go of its line after this long, and takes it up again when it is seen. */
const HIDDEN_MS = 60_000;
/** The server sent more than this page read in time: nothing is wrong with the line. */
const TOO_SLOW = 1013;

/** Keeps a WebSocket open: comes back after a failure, later each time, and rests while the page is hidden. */
export function keepSocket(options: SocketOptions): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pinger: ReturnType<typeof setTimeout> | undefined;
  let hider: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let ended = false;

  const isOpen = () => socket !== undefined && socket.readyState <= WebSocket.OPEN;

  const listen = () => {
    clearTimeout(pinger);
    pinger = setTimeout(() => {
      socket?.send("ping");
      pinger = setTimeout(() => socket?.close(), PONG_MS);
    }, PING_MS);
  };

  const connect = () => {
    clearTimeout(timer);
    if (ended || isOpen()) return;
    const mine = new WebSocket(`${location.origin.replace(/^http/, "ws")}${options.path()}`);
    socket = mine;
    let counted = false;
    mine.onopen = () => {
      failures = 0;
      counted = true;
      openSockets.set(openSockets.get() + 1);
      connectionMade();
      listen();
    };
    mine.onmessage = (event: MessageEvent<string>) => {
      listen();
      if (event.data === "pong") return;
      options.onMessage(JSON.parse(event.data), (reply) => {
        if (mine.readyState === WebSocket.OPEN) mine.send(JSON.stringify(reply));
      });
    };
    mine.onclose = (event) => {
      if (counted) openSockets.set(openSockets.get() - 1);
      clearTimeout(pinger);
      if (socket !== mine) return;
      socket = undefined;
      options.onClosed?.();
      if (!ended && !document.hidden) plan(event.code === TOO_SLOW);
    };
  };

  const plan = (atOnce: boolean) => {
    // Spread, so that a server that comes back is not met by every page in the same moment.
    const wait = atOnce ? 0 : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) * (0.8 + Math.random() * 0.4);
    failures += 1;
    // The first try after a lost line is quick enough not to be mentioned.
    if (failures > 1) connectionLost(Date.now() + wait);
    clearTimeout(timer);
    timer = setTimeout(connect, wait);
  };

  const onVisibility = () => {
    clearTimeout(hider);
    if (document.hidden) hider = setTimeout(() => socket?.close(), HIDDEN_MS);
    else connect();
  };
  document.addEventListener("visibilitychange", onVisibility);
  addEventListener("online", connect);
  const stopRetry = retryNow.watch(connect);
  connect();

  return () => {
    ended = true;
    clearTimeout(timer);
    clearTimeout(pinger);
    clearTimeout(hider);
    stopRetry();
    document.removeEventListener("visibilitychange", onVisibility);
    removeEventListener("online", connect);
    socket?.close();
  };
}
