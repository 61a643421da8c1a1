import type { Run } from "../api/types";
import { useNow } from "../data/clock";
import { connection } from "../data/connection";
import { useStore } from "../data/store";
import type { Latest } from "../data/use-run";
import { formatAge, formatCount } from "../lib/format";
import { RunState } from "../parts/status";

/** A run that says nothing for this many of its usual pauses is stale. */
const PAUSES = 5;
const STALE_AT_LEAST_MS = 30_000;

interface Props {
  run: Run;
  latest: ReadonlyMap<string, Latest>;
  rhythm: number | undefined;
}

/** The run's state, how far it is, and how old its last point is; where the line is lost, that its charts stop. */
export function Standing({ run, latest, rhythm }: Props) {
  const now = useNow(1000);
  const link = useStore(connection);
  let step = 0;
  let at = 0;
  for (const one of latest.values()) {
    step = Math.max(step, one.step);
    if (one.timestamp <= now + 60_000) at = Math.max(at, one.timestamp);
  }
  const isLive = run.info.status === "RUNNING" && run.info.lifecycle_stage !== "deleted";
  const stale = isLive && at > 0 && now - at > Math.max(STALE_AT_LEAST_MS, PAUSES * (rhythm ?? 60_000));
  const age = formatAge(at, now);
  const ago = age === "now" || age === "yesterday" ? age : `${age} ago`;
  if (isLive && link.state === "lost") {
    const wait = link.retryAt === undefined ? 0 : Math.ceil((link.retryAt - now) / 1000);
    const since = formatAge(link.lostAt, now);
    return (
      <p class="standing lost" role="status">
        <span class="dot-lost" aria-hidden="true" />
        Connection lost{since === "now" ? "" : ` ${since} ago`}. Charts stop at step {formatCount(step)}.
        {wait > 0 && ` Trying again in ${wait} s.`}
      </p>
    );
  }
  return (
    <div class="standing">
      <RunState info={run.info} stale={stale} />
      {at > 0 && (
        <span class="quiet small">
          {step > 0 && `step ${formatCount(step)} · `}last point {ago}
        </span>
      )}
    </div>
  );
}
