/** Watching an experiment's list of runs. */
import { evictDurableObject, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

const API = "https://tidemark.test/api/2.0";

async function call<T>(path: string, body: object): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const answer = await SELF.fetch(`${API}/mlflow/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status, path).toBe(200);
  return await answer.json<T>();
}

const makeExperiment = async () =>
  (await call<{ experiment_id: string }>("experiments/create", { name: crypto.randomUUID() })).experiment_id;

const makeRun = async (experiment_id: string) =>
  (await call<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id, start_time: 1 })).run.info.run_id;

type Change = { change: string } & Record<string, unknown>;
type Message = { type: string; changes?: Change[] };

/** The changes a viewer of an experiment is told of, and a wait until there are so many. */
async function watch(experiment: string) {
  const headers = { Upgrade: "websocket" };
  const { webSocket } = await SELF.fetch(`${API}/tidemark/experiments/${experiment}/feed`, { headers });
  if (!webSocket) throw new Error("no upgrade");
  const messages: Message[] = [];
  webSocket.addEventListener("message", ({ data }) => messages.push(JSON.parse(String(data)) as Message));
  webSocket.accept();
  const changes = () => messages.flatMap((m) => m.changes ?? []);
  const until = async (count: number): Promise<Change[]> => {
    await expect.poll(() => changes().length, { timeout: 5000 }).toBeGreaterThanOrEqual(count);
    return changes();
  };
  return { messages, until, socket: webSocket };
}

describe("an experiment's feed", () => {
  it("tells of runs that come, change and go, in order", async () => {
    const experiment = await makeExperiment();
    const { messages, until, socket } = await watch(experiment);
    const run_id = await makeRun(experiment);
    await call("runs/set-tag", { run_id, key: "k", value: "v" });
    await call("runs/log-batch", { run_id, tags: [{ key: "m", value: "n" }] });
    await call("runs/delete-tag", { run_id, key: "k" });
    await call("runs/update", { run_id, status: "FINISHED", run_name: "named" });
    await call("runs/delete", { run_id });
    await call("runs/restore", { run_id });
    const changes = await until(7);
    expect(messages[0]).toEqual({ type: "open" });
    expect(changes).toMatchObject([
      { change: "run_created", run: { run_id, status: "RUNNING" } },
      { change: "run_tags_set", run_id, tags: [{ key: "k", value: "v" }] },
      { change: "run_tags_set", run_id, tags: [{ key: "m", value: "n" }] },
      { change: "run_tag_deleted", run_id, key: "k" },
      { change: "run_updated", run: { run_id, status: "FINISHED", run_name: "named" } },
      { change: "run_deleted", run_id },
      { change: "run_restored", run_id },
    ]);
    socket.close(1000);
  });

  it("tells of what goes into runs and comes out of them", async () => {
    const experiment = await makeExperiment();
    const run_id = await makeRun(experiment);
    const { until, socket } = await watch(experiment);
    const dataset = { name: "d", digest: "1", source_type: "local", source: "{}" };
    await call("runs/log-inputs", { run_id, datasets: [{ dataset }] });
    await call("runs/outputs", { run_id, models: [{ model_id: "m-1", step: 1 }] });
    await call("runs/log-model", {
      run_id,
      model_json: JSON.stringify({ run_id, artifact_path: "m", utc_time_created: "t", flavors: {} }),
    });
    expect(await until(3)).toEqual([
      { change: "run_inputs_logged", run_id },
      { change: "run_outputs_logged", run_id },
      { change: "run_outputs_logged", run_id },
    ]);
    socket.close(1000);
  });

  it("tells of the experiment itself, and of nothing that failed", async () => {
    const experiment = await makeExperiment();
    const { until, socket } = await watch(experiment);
    const name = crypto.randomUUID();
    const refused = await SELF.fetch(`${API}/mlflow/experiments/update`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ experiment_id: experiment, new_name: "" }),
    });
    expect(refused.status).toBe(400);
    await call("experiments/update", { experiment_id: experiment, new_name: name });
    await call("experiments/set-experiment-tag", { experiment_id: experiment, key: "a", value: "b" });
    await call("experiments/delete", { experiment_id: experiment });
    expect(await until(3)).toEqual([
      { change: "experiment_renamed", name },
      { change: "experiment_tag_set", key: "a", value: "b" },
      { change: "experiment_deleted" },
    ]);
    socket.close(1000);
  });

  it("goes on after its object lost its memory", async () => {
    const experiment = await makeExperiment();
    const { until, socket } = await watch(experiment);
    await makeRun(experiment);
    await until(1);
    await evictDurableObject(env.EXPERIMENT_FEEDS.get(env.EXPERIMENT_FEEDS.idFromName(experiment)));
    await makeRun(experiment);
    expect(await until(2)).toHaveLength(2);
    socket.close(1000);
  });

  it("sends many changes together", async () => {
    const experiment = await makeExperiment();
    const { messages, until, socket } = await watch(experiment);
    const feed = env.EXPERIMENT_FEEDS.get(env.EXPERIMENT_FEEDS.idFromName(experiment));
    const notify = (n: number) =>
      Promise.all(
        Array.from({ length: n }, () => feed.notify(experiment, { change: "experiment_tag_deleted", key: "k" })),
      );
    await notify(1);
    await until(1);
    await notify(500);
    await until(501);
    expect(messages.length).toBeLessThan(20);
    socket.close(1000);
  });

  it("is not there for an unknown experiment", async () => {
    const headers = { Upgrade: "websocket" };
    const answer = await SELF.fetch(`${API}/tidemark/experiments/987654321/feed`, { headers });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error_code: "RESOURCE_DOES_NOT_EXIST" });
  });

  it("comes as events, too", async () => {
    const experiment = await makeExperiment();
    const answer = await SELF.fetch(`${API}/tidemark/experiments/${experiment}/feed`);
    const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    await makeRun(experiment);
    let text = "";
    while (!text.includes("run_created")) text += (await reader.read()).value;
    expect(text).toContain('data: {"type":"open"}\n\n');
    await reader.cancel();
  });
});
