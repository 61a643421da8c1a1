import type { Run } from "../api/types";
import { isLive, runName } from "../lib/runs";
import { Code } from "../parts/code";
import { CopyButton } from "../parts/copy";

/** Lines that go on with a run: resume it, read it, load what it made. */
export function RunCode({ run }: { run: Run }) {
  const { run_id: id } = run.info;
  const head = `import mlflow\nmlflow.set_tracking_uri("${location.origin}")\n\n`;
  const key = run.data.metrics?.[0]?.key ?? "loss";
  const model = run.outputs?.model_outputs?.[0]?.model_id;
  const parts = [
    {
      title: isLive(run.info) ? "Log more to it" : "Resume it",
      text: `${head}with mlflow.start_run(run_id="${id}"):\n    mlflow.log_metric("${key}", 0.5, step=1000)`,
    },
    {
      title: "Read it",
      text: `${head}client = mlflow.MlflowClient()\nrun = client.get_run("${id}")\nprint(run.data.params, run.data.metrics)\nhistory = client.get_metric_history("${id}", ${JSON.stringify(key)})`,
    },
    {
      title: "Fetch its artifacts",
      text: `${head}path = mlflow.artifacts.download_artifacts(run_id="${id}")\nprint(path)`,
    },
    {
      title: "Load its model",
      text: model
        ? `${head}model = mlflow.pyfunc.load_model("models:/${model}")`
        : `${head}# No model of this run is known; log_model(name="model") makes one\nmodel = mlflow.pyfunc.load_model("runs:/${id}/model")`,
    },
  ];
  return (
    <div class="details-grid">
      {parts.map(({ title, text }) => (
        <section class="panel snippet" key={title}>
          <div class="panel-head">
            <h2>{title}</h2>
            <CopyButton text={text} />
          </div>
          <Code text={text} label={`${title}: ${runName(run.info)}`} />
        </section>
      ))}
    </div>
  );
}
