/** Experiments and runs for the page to show, logged by plain REST calls. */

/**
 * @param {string} url of the server
 * @param {string} call for example "runs/create"
 * @param {object} body
 */
export async function post(url, call, body) {
  const response = await fetch(`${url}/api/2.0/mlflow/${call}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${call}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/**
 * @param {string} url
 * @param {string} name
 * @returns {Promise<string>} the experiment's id
 */
export async function createExperiment(url, name) {
  return (await post(url, "experiments/create", { name })).experiment_id;
}

/**
 * @param {string} url
 * @param {{ experiment: string, name: string, age: number }} run `age` in milliseconds since its start
 * @returns {Promise<string>} the run's id
 */
export async function createRun(url, { experiment, name, age }) {
  const tags = [
    { key: "team", value: "fraud" },
    { key: "mlflow.source.name", value: "train.py" },
    { key: "mlflow.user", value: "ana" },
  ];
  const start = Date.now() - age;
  const created = await post(url, "runs/create", {
    experiment_id: experiment,
    run_name: name,
    start_time: start,
    tags,
  });
  return created.run.info.run_id;
}

/**
 * Logs a made-up training: `loss` falls, `val/auc` rises, `train/loss` has NaN in places.
 * @param {string} url
 * @param {string} run
 * @param {{ from: number, to: number, lr?: number }} steps
 */
export async function logTraining(url, run, { from, to, lr }) {
  const now = Date.now();
  const metrics = [];
  for (let step = from; step < to; step++) {
    const timestamp = now - (to - step) * 1000;
    const ripple = Math.sin(step * 1.7) * 0.01;
    const values = {
      loss: Math.exp(-step / 40) + ripple,
      "val/auc": 0.97 - 0.4 * Math.exp(-step / 30) + ripple,
      "train/loss": step % 40 === 25 ? "NaN" : Math.exp(-step / 35) + ripple * 2,
      "system/cpu": 50 + ripple * 900,
    };
    for (const [key, value] of Object.entries(values)) metrics.push({ key, value, timestamp, step });
  }
  const params = lr === undefined ? [] : [{ key: "lr", value: String(lr) }];
  for (let i = 0; i < metrics.length || i === 0; i += 1000) {
    await post(url, "runs/log-batch", { run_id: run, metrics: metrics.slice(i, i + 1000), params: i ? [] : params });
  }
}

/**
 * @param {string} url
 * @param {string} run
 * @param {"FINISHED" | "FAILED"} status
 */
export async function endRun(url, run, status) {
  await post(url, "runs/update", { run_id: run, status, end_time: Date.now() });
}

/**
 * @param {string} url
 * @param {string} experiment
 * @param {string} run
 * @param {string} path
 * @param {string} text
 */
export async function putArtifact(url, experiment, run, path, text) {
  const response = await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${experiment}/${run}/artifacts/${path}`, {
    method: "PUT",
    body: text,
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/**
 * A version of a registered model, which is made where there is none.
 * @param {string} url
 * @param {{ name: string, run: string, experiment: string }} version
 */
export async function createVersion(url, { name, run, experiment }) {
  await post(url, "registered-models/create", { name }).catch(() => undefined);
  await putArtifact(url, experiment, run, "model/MLmodel", "artifact_path: model\nflavors: {}\n");
  const source = `mlflow-artifacts:/${experiment}/${run}/artifacts/model`;
  await post(url, "model-versions/create", { name, source, run_id: run });
}

/**
 * One of Tidemark's own calls.
 * @param {string} url
 * @param {string} method
 * @param {string} path for example "monitors"
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function own(url, method, path, body) {
  const response = await fetch(`${url}/api/2.0/tidemark/${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/**
 * Logs values of a metric, a step and a second each, the last one now.
 * @param {string} url
 * @param {string} run
 * @param {string} key
 * @param {number[]} values
 * @param {number} [from] step of the first
 */
export async function logValues(url, run, key, values, from = 0) {
  const now = Date.now();
  const metrics = values.map((value, i) => ({
    key,
    value,
    step: from + i,
    timestamp: now - (values.length - 1 - i) * 1000,
  }));
  await post(url, "runs/log-batch", { run_id: run, metrics });
}
