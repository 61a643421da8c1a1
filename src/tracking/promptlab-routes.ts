/** The page's call that keeps a trial of the prompt lab as a run. */
import { joined, pathOfUri } from "../artifacts/paths";
import { putFile, uploadsOf } from "../artifacts/store";
import { parseBody } from "../wire/json";
import { type App, raw } from "../wire/rpc";
import { experimentId } from "./experiment";
import { notifyFeed } from "./feed-routes";
import { promptlabFiles, promptlabModel, promptlabParams, promptlabRun, promptlabTags } from "./promptlab";
import { nameAndTags, newRunId, wireInfo, wireRun } from "./run";
import { getRun } from "./run-data";
import { createRun, updateRun } from "./run-store";
import { commitRunWrites, paramWrites, tagWrites } from "./run-writes";

const MODEL_HISTORY_TAG = "mlflow.log-model.history";

export function promptlabRoutes(app: App): void {
  raw(app, "serve_create_promptlab_run", async (c) => {
    const trial = promptlabRun(parseBody(await c.req.text()));
    const params = promptlabParams(trial);
    const { name, tags } = nameAndTags(trial.name, promptlabTags(trial));
    const { experimentId: asked, userId, startTime } = trial;
    const db = c.get("db");
    const run = await createRun(c.env, db, {
      runId: newRunId(),
      experimentId: experimentId(asked),
      name,
      userId,
      startTime,
      tags,
    });
    const model = promptlabModel(run.runId, crypto.randomUUID().replaceAll("-", ""), Date.now());
    const root = pathOfUri(run.artifactUri);
    for (const [path, text] of promptlabFiles(trial, model)) {
      const bytes = new TextEncoder().encode(text);
      await putFile(uploadsOf(c), joined(root, path), bytes, bytes.length);
    }
    const history = [{ key: MODEL_HISTORY_TAG, value: JSON.stringify([model]) }];
    await commitRunWrites(
      c.env.DB,
      run.runId,
      [...paramWrites(c.env.DB, run.runId, params), ...tagWrites(c.env.DB, run.runId, history)],
      { params, batch: true },
    );
    const done = await updateRun(c.env, db, { runId: run.runId, status: "FINISHED", endTime: Date.now() });
    notifyFeed(c, done, { change: "run_created", run: wireInfo(done) });
    const found = await getRun(c.env, db, run.runId);
    return c.json({ run: wireRun(found.run, found.data) });
  });
}
