import { serverVersion } from "../api/mlflow";
import { useFiring } from "../data/alerts";
import { useNow } from "../data/clock";
import { connection, openSockets, retryNow } from "../data/connection";
import { lastRuns } from "../data/last-runs";
import { useResource } from "../data/resource";
import { useStore } from "../data/store";
import { hashHref } from "../lib/address";
import { formatAge, formatCount } from "../lib/format";
import { Icon } from "./icon";

const LOST_POLL_MS = 4_000;

const PLACES = [
  { path: "/", label: "Experiments" },
  { path: "/models", label: "Models" },
  { path: "/monitors", label: "Monitors" },
] as const;

/** At the thumb there is room for one more: the runs visited last. */
const PHONE_PLACES = [
  { path: "/", label: "Home", icon: "home" },
  { path: "/runs", label: "Runs", icon: "runs" },
  { path: "/models", label: "Models", icon: "models" },
  { path: "/monitors", label: "Monitors", icon: "bell" },
] as const;

function placeOf(path: string): string | undefined {
  if (path === "/" || /^\/(e|r|runs|compare)(\/|$)/.test(path)) return "/";
  return PLACES.find((place) => place.path !== "/" && path.startsWith(place.path))?.path;
}

/** The bar over every page: where you are, where you could go, and whether the server is there. */
export function Bar({ path, onJump }: { path: string; onJump: () => void }) {
  const here = placeOf(path);
  return (
    <header class="bar">
      <a class="brand" href={hashHref("/")} aria-label="Tidemark, home">
        <Mark />
        Tidemark
      </a>
      <nav class="bar-places" aria-label="Places">
        {PLACES.map(({ path: to, label }) => (
          <a key={to} href={hashHref(to)} class="bar-link" aria-current={here === to ? "page" : undefined}>
            {label}
            {to === "/monitors" && <FiringCount />}
          </a>
        ))}
      </nav>
      <button type="button" class="jump" onClick={onJump}>
        <Icon name="search" />
        <span>Search or jump to…</span>
        <kbd>{/Mac|iPhone/.test(navigator.platform) ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <Server />
      <a
        class="icon-button bar-settings"
        href={hashHref("/settings")}
        aria-label="Settings"
        aria-current={path === "/settings" ? "page" : undefined}
      >
        <Icon name="more" />
      </a>
    </header>
  );
}

/** On phones the places are at the thumb. */
export function PhoneNav({ path }: { path: string }) {
  const runs = useStore(lastRuns) ?? "/runs";
  const place = placeOf(path);
  const here = place === "/" && path !== "/" ? "/runs" : place;
  return (
    <nav class="phone-nav" aria-label="Places at hand">
      {PHONE_PLACES.map(({ path: to, label, icon }) => (
        <a key={to} href={hashHref(to === "/runs" ? runs : to)} aria-current={here === to ? "page" : undefined}>
          <Icon name={icon} size={20} />
          {label}
          {to === "/monitors" && <FiringCount />}
        </a>
      ))}
    </nav>
  );
}

/** How many alerts fire, beside the place that has them; nothing while none does. */
function FiringCount() {
  const firing = useFiring()?.firing ?? 0;
  if (firing === 0) return null;
  return (
    <span class="firing-count num">
      {formatCount(firing)}
      <span class="unseen"> firing</span>
    </span>
  );
}

/** Dashes over a wave: the mark the tide left, and the tide. */
function Mark() {
  return (
    <svg class="mark" width="20" height="20" viewBox="0 0 20 20" fill="none" stroke-width="2" aria-hidden="true">
      <path d="M1 6h3M8.5 6h3M16 6h3" stroke="currentColor" />
      <path class="mark-wave" d="M1 13c3-5 6-5 9 0s6 5 9 0" stroke-linecap="round" />
    </svg>
  );
}

function Server() {
  const link = useStore(connection);
  const sockets = useStore(openSockets);
  const version = useResource("version", serverVersion, {
    pollMs: () => (connection.get().state === "lost" ? LOST_POLL_MS : undefined),
    idle: link.state !== "lost",
  });
  const retry = () => {
    retryNow.set(retryNow.get() + 1);
    version.reload();
  };
  if (link.state === "lost") return <Lost at={link.lostAt} retryAt={link.retryAt} retry={retry} />;
  if (link.state === "unknown") return <p class="server quiet">Connecting</p>;
  return (
    <p class="server">
      <span class={sockets > 0 ? "live-dot" : "dot-ok"} aria-hidden="true" />
      {sockets > 0 ? "Live" : "Connected"}
    </p>
  );
}

function Lost({ at, retryAt, retry }: { at: number; retryAt: number | undefined; retry: () => void }) {
  const now = useNow(1000);
  const age = formatAge(at, now);
  const wait = retryAt === undefined ? 0 : Math.ceil((retryAt - now) / 1000);
  return (
    <div class="server server-lost">
      <span class="dot-lost" aria-hidden="true" />
      <span role="status">Connection lost</span>
      <span class="wide-only-inline">{age === "now" ? "" : `${age} ago`}</span>
      <button type="button" class="button" onClick={retry} title={wait > 0 ? `Trying again in ${wait} s` : undefined}>
        Try now
      </button>
    </div>
  );
}
