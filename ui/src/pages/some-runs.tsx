import { useEffect } from "preact/hooks";
import type { Home } from "../api/page-types";
import { fetchHome } from "../api/tidemark";
import { useResource } from "../data/resource";
import { experimentPath, navigate } from "../lib/address";
import { ErrorNote } from "../parts/states";

/** Leads to the runs of the experiment that was active last: nobody has been anywhere yet. */
export function SomeRuns() {
  const { data, error, reload } = useResource("home", fetchHome);
  useEffect(() => {
    if (data) navigate(newestRuns(data), { replace: true });
  }, [data]);
  return error ? (
    <div class="page">
      <ErrorNote what="The experiments" error={error} retry={reload} />
    </div>
  ) : null;
}

function newestRuns({ experiments }: Home): string {
  const [newest] = experiments
    .filter(({ runs }) => runs > 0)
    .sort((a, b) => (b.last_activity ?? b.last_update_time ?? 0) - (a.last_activity ?? a.last_update_time ?? 0));
  return newest ? experimentPath(newest.experiment_id) : "/";
}
