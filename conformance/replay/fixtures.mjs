/** What the recording's placeholders stand for, made on the server under test before the first exchange. */
import { randomBytes } from "node:crypto";
import { jsonCall } from "../http.mjs";

/** The trace that the recording itself makes. */
const TRACE_ID = "tr-29e1a7b887a742b69afd624513fd7203";
const NOT_BUILT = 501;

/**
 * @param {import("../http.mjs").Http} http
 * @returns {Promise<Record<string, string>>} by placeholder
 */
export async function makeFixtures(http) {
  const U = randomBytes(4).toString("hex");
  const post = async (path, body, { optional = false } = {}) => {
    const answer = await http.send(jsonCall("POST", `/api/2.0/mlflow/${path}`, body));
    if (optional && answer.status === NOT_BUILT) return {};
    if (answer.status !== 200) throw new Error(`Fixture ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
    return answer.json;
  };

  const { experiment_id: EXP } = await post("experiments/create", { name: `probe-${U}` });
  const { experiment_id: DEXP } = await post("experiments/create", { name: `probe-del-${U}` });
  await post("experiments/delete", { experiment_id: DEXP });

  const RUN = (await post("runs/create", { experiment_id: EXP, start_time: 1 })).run.info.run_id;
  await post("runs/log-parameter", { run_id: RUN, key: "p", value: "1" });
  await post("runs/log-metric", { run_id: RUN, key: "m", value: 1, timestamp: 1, step: 0 });
  const file = `/api/2.0/mlflow-artifacts/artifacts/${EXP}/${RUN}/artifacts/f.txt`;
  const stored = await http.send({ method: "PUT", path: file, body: "hello" });
  if (stored.status !== 200) throw new Error(`Fixture f.txt: ${stored.status} ${stored.text.slice(0, 500)}`);

  const DRUN = (await post("runs/create", { experiment_id: EXP, start_time: 1 })).run.info.run_id;
  await post("runs/delete", { run_id: DRUN });
  const LM = (await post("logged-models", { experiment_id: EXP, name: "lm" })).model.info.model_id;

  const [MODEL, MODEL2] = [`pm-${U}`, `pm2-${U}`];
  for (const name of [MODEL, MODEL2]) await post("registered-models/create", { name }, { optional: true });
  const source = `mlflow-artifacts:/${EXP}/${RUN}/artifacts/model`;
  await post("model-versions/create", { name: MODEL, source, run_id: RUN }, { optional: true });

  return { U, EXP, DEXP, RUN, DRUN, LM, MODEL, MODEL2, TID: TRACE_ID };
}
