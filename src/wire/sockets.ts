/**
 * A feed to a caller who may want a WebSocket or server-sent events. Objects only ever serve WebSockets, which let them
 * sleep; for events the Worker stands between, waiting costs it nothing.
 */

/** A comment this often keeps a quiet stream of events open on its way, and finds out when nobody reads it any more. */
const COMMENT_MS = 20_000;
/** Time a client waits before it connects again, in ms. */
const RETRY_MS = 1_000;

export const wantsUpgrade = (request: Request): boolean =>
  request.headers.get("Upgrade")?.toLowerCase() === "websocket";

/** Answers with the socket an object gave, as the caller wants it. */
export function socketResponse(request: Request, socket: WebSocket): Response {
  if (wantsUpgrade(request)) return new Response(null, { status: 101, webSocket: socket });
  return new Response(eventsOf(socket), {
    headers: { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache, no-transform" },
  });
}

/**
 * A socket's messages as events. What leads to a sequence has it as its id, so that a browser's EventSource comes back
 * with it (Last-Event-ID). The socket is told what was read, so that a slow reader is as slow here as with a socket.
 */
function eventsOf(socket: WebSocket): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  let last: Promise<unknown> = Promise.resolve();
  const write = (text: string, sequence?: number) => {
    last = last
      .then(() => writer.write(encoder.encode(text)))
      .then(() => sequence !== undefined && socket.send(JSON.stringify({ type: "ack", sequence })))
      .catch(end);
  };
  const comments = setInterval(() => write(":\n\n"), COMMENT_MS);
  const end = () => {
    clearInterval(comments);
    socket.close(1000);
    void writer.close().catch(() => undefined);
  };
  socket.addEventListener("message", ({ data }) => {
    const { sequence } = JSON.parse(String(data)) as { sequence?: number };
    write(`${sequence === undefined ? "" : `id: ${sequence}\n`}data: ${data}\n\n`, sequence);
  });
  socket.addEventListener("close", () => void last.then(end));
  socket.accept();
  write(`retry: ${RETRY_MS}\n\n`);
  return readable;
}
