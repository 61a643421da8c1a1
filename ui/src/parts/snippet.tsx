import { useState } from "preact/hooks";
import { Code } from "./code";
import { CopyButton } from "./copy";
import { Segments } from "./segments";
import { LiveDot } from "./status";

type Form = "python" | "environment" | "notebook" | "curl";

const FORMS: { value: Form; label: string }[] = [
  { value: "python", label: "Python" },
  { value: "environment", label: "Environment" },
  { value: "notebook", label: "Notebook" },
  { value: "curl", label: "curl" },
];

const DEFAULT_NAME = "my-first-experiment";

/** Lines that send a first run to this server. `experiment` names one that is there already. */
export function firstRunLines(form: Form, origin: string, experiment = DEFAULT_NAME): string {
  const name = JSON.stringify(experiment);
  const body = `with mlflow.start_run():\n    for step in range(100):\n        mlflow.log_metric("loss", 1 / (step + 1), step=step)`;
  if (form === "python") {
    return `import mlflow\nmlflow.set_tracking_uri(${JSON.stringify(origin)})\nmlflow.set_experiment(${name})\n\n${body}`;
  }
  if (form === "notebook") {
    return `%pip install -q mlflow-skinny\nimport mlflow\nmlflow.set_tracking_uri(${JSON.stringify(origin)})\nmlflow.set_experiment(${name})\n\n${body}`;
  }
  if (form === "environment") {
    return `export MLFLOW_TRACKING_URI=${origin}\nexport MLFLOW_EXPERIMENT_NAME=${shellQuoted(experiment)}\npython -c "import mlflow; [mlflow.log_metric('loss', 1/s, step=s) for s in range(1, 100)]"`;
  }
  return `curl -s ${origin}/api/2.0/mlflow/runs/create \\\n  -H 'Content-Type: application/json' \\\n  -d '{"experiment_id": "0", "run_name": "by hand"}'`;
}

function shellQuoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** How a stranger sends the first run; whoever shows it watches for that run. */
export function FirstRun({ experiment }: { experiment?: string }) {
  const [form, setForm] = useState<Form>("python");
  const lines = firstRunLines(form, location.origin, experiment);
  return (
    <>
      <div class="panel snippet">
        <div class="panel-head">
          <Segments label="Where you run it" options={FORMS} value={form} onChange={setForm} />
          <CopyButton text={lines} />
        </div>
        <Code text={lines} label="Lines to paste" />
      </div>
      <p class="listening" role="status">
        <LiveDot /> Listening for the first run
      </p>
    </>
  );
}
