import { serverVersion } from "../api/mlflow";
import { useNow } from "../data/clock";
import { connection } from "../data/connection";
import { useResource } from "../data/resource";
import { useStore } from "../data/store";
import { hashHref } from "../lib/address";
import { formatAge } from "../lib/format";

const ALIVE_POLL_MS = 20_000;
const LOST_POLL_MS = 4_000;

/** The bar over every page: where you are, and whether the server is there. */
export function Bar({ path }: { path: string }) {
  const inExperiments = path === "/" || path.startsWith("/e/") || path.startsWith("/r/");
  return (
    <header class="bar">
      <a class="brand" href={hashHref("/")} aria-label="Tidemark, home">
        <Mark />
        Tidemark
      </a>
      <nav aria-label="Places">
        <a href={hashHref("/")} class="bar-link" aria-current={inExperiments ? "page" : undefined}>
          Experiments
        </a>
      </nav>
      <Server />
    </header>
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
  const version = useResource("version", serverVersion, {
    pollMs: () => (connection.get().state === "lost" ? LOST_POLL_MS : ALIVE_POLL_MS),
  });
  if (link.state === "lost") return <Lost at={link.lostAt} retry={version.reload} />;
  if (link.state === "unknown") return <p class="server quiet">Connecting</p>;
  const title = version.data ? `The server answers as MLflow ${version.data}` : "The server answers";
  return (
    <p class="server" title={title}>
      <span class="dot-ok" aria-hidden="true" />
      Connected
      {version.data && <span class="server-version quiet"> · MLflow {version.data} API</span>}
    </p>
  );
}

function Lost({ at, retry }: { at: number; retry: () => void }) {
  const age = formatAge(at, useNow(1000));
  return (
    <div class="server server-lost" role="status">
      <span class="dot-lost" aria-hidden="true" />
      <span>Connection lost{age === "now" ? "" : ` ${age} ago`}</span>
      <button type="button" class="button" onClick={retry}>
        Try now
      </button>
    </div>
  );
}
