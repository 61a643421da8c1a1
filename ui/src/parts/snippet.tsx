import { CopyButton } from "./copy";
import { LiveDot } from "./status";

/** Lines for a shell that send a first run to this server. `experiment` names one other than MLflow's default. */
export function firstRunLines(origin: string, experiment?: string): string {
  const lines = [`export MLFLOW_TRACKING_URI=${origin}`];
  if (experiment) lines.push(`export MLFLOW_EXPERIMENT_NAME=${shellQuoted(experiment)}`);
  lines.push(`python -c "import mlflow; [mlflow.log_metric('loss', 1/s, step=s) for s in range(1, 30)]"`);
  return lines.join("\n");
}

function shellQuoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** How a stranger sends the first run; whoever shows it watches for that run. */
export function FirstRun({ experiment }: { experiment?: string }) {
  const lines = firstRunLines(location.origin, experiment);
  return (
    <>
      <div class="panel snippet">
        <div class="panel-head">
          <span class="label">Shell</span>
          <CopyButton text={lines} />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
        <section class="snippet-lines" tabIndex={0} aria-label="Lines to paste">
          <pre>
            <code>{lines}</code>
          </pre>
        </section>
      </div>
      <p class="listening" role="status">
        <LiveDot /> Listening for the first run
      </p>
    </>
  );
}
