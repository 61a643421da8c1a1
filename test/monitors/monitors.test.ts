/** Monitors through the API, evaluated in the logs of runs. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { objectOf } from "../metrics/helpers";
import { newRun, ok } from "../tracking/helpers";
import { drained, forgetAll, network, signatureOf } from "../webhooks/helpers";
import { alertsOf, call, did, expectAlerts, log, newMonitor, place, remove, settled } from "./helpers";

afterEach(forgetAll);

describe("a monitor", () => {
  it("is made, read, changed and removed", async () => {
    const { experiment } = await place();
    const made = await newMonitor({ name: "too high", scope: { experiment_id: experiment } });
    expect(made).toMatchObject({
      name: "too high",
      sentence: "loss is above 10",
      direction: "min",
      severity: "warning",
      consecutive: 1,
      enabled: true,
      firing: 0,
    });
    const path = `/monitors/${made.monitor_id}`;
    expect(await did("GET", path)).toEqual(made);
    expect(
      await did("PATCH", path, { severity: "critical", condition: { type: "threshold", value: 5 } }),
    ).toMatchObject({
      severity: "critical",
      name: "too high",
      sentence: "loss is above 5",
    });
    expect((await did("GET", `/monitors?experiment_id=${experiment}`)).monitors).toHaveLength(1);
    expect((await did("GET", `/monitors?experiment_id=${experiment}&metric=auc`)).monitors).toEqual([]);
    await did("DELETE", path);
    expect((await call("GET", path))[0]).toBe(404);
    expect((await call("DELETE", path))[0]).toBe(404);
  });

  it("that makes no sense is refused", async () => {
    const { experiment } = await place();
    const scope = { experiment_id: experiment };
    const condition = { type: "threshold", value: 1 };
    const refused = async (body: object, words: string) => {
      const [status, answer] = await call("POST", "/monitors", { metric: "loss", scope, condition, ...body });
      expect([status, answer.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
      expect(answer.message).toContain(words);
    };
    await refused({ metric: "zzz" }, "direction");
    await refused({ scope: { experiment_id: experiment, filter: "tags.a ==== 1" } }, "");
    await refused({ condition: { type: "threshold" } }, "condition");
    await refused({ notify: [{ url: "http://127.0.0.1/" }] }, "URL");
    expect((await call("POST", "/monitors", { metric: "loss", scope: { run_id: "nope" }, condition }))[0]).toBe(404);
  });

  it("of a run's scope is found from the run", async () => {
    const { experiment, run } = await place();
    await newMonitor({ scope: { experiment_id: experiment } });
    await newMonitor({ scope: { run_id: run } });
    expect((await did("GET", `/monitors?run_id=${run}`)).monitors).toHaveLength(2);
    expect((await did("GET", `/monitors?experiment_id=${experiment}`)).monitors).toHaveLength(2);
  });
});

describe("an alert", () => {
  it("fires where the point arrives, and resolves", async () => {
    const { experiment, run } = await place();
    const { monitor_id } = await newMonitor({ scope: { experiment_id: experiment }, cooldown_minutes: 0 });
    await log(run, [1, 11, 12]);
    const [fired] = await expectAlerts(run, ["firing"]);
    expect(fired).toMatchObject({
      monitor_id,
      run_id: run,
      experiment_id: experiment,
      opened_step: 1,
      evidence: { value: 11, limit: 10, values: [11], at: { step: 1, value: 11 } },
    });
    expect((await did("GET", `/monitors/${monitor_id}`)).firing).toBe(1);
    await log(run, [2], { from: 3 });
    const [resolved] = await expectAlerts(run, ["resolved"]);
    expect(resolved).toMatchObject({ alert_id: fired?.alert_id, resolution: "recovered", resolved_step: 3 });
    await log(run, [20, 21], { from: 4 });
    await expectAlerts(run, ["firing", "resolved"]);
  });

  it("of a NaN says so", async () => {
    const { run } = await place();
    await newMonitor({ scope: { run_id: run } });
    await log(run, [Number.NaN]);
    const [fired] = await expectAlerts(run, ["firing"]);
    expect(fired?.evidence).toMatchObject({ value: "NaN", values: ["NaN"] });
  });

  it("comes from a monitor that was made while the run was live, and ends with it", async () => {
    const { experiment, run } = await place();
    await log(run, [20, 30]);
    const { monitor_id } = await newMonitor({ scope: { experiment_id: experiment } });
    await settled();
    expect(await alertsOf(run)).toEqual([]);
    await log(run, [40], { from: 2 });
    await expectAlerts(run, ["firing"]);
    await did("DELETE", `/monitors/${monitor_id}`);
    expect((await alertsOf(run))[0]).toMatchObject({ state: "resolved", resolution: "monitor" });
    await settled();
    await log(run, [40], { from: 3 });
    await settled();
    expect(await alertsOf(run)).toHaveLength(1);
  });

  it("is written once though the log is evicted", async () => {
    const { run } = await place();
    await newMonitor({ scope: { run_id: run }, consecutive: 2, cooldown_minutes: 0 });
    await log(run, [11, 12, 13]);
    const [before] = await expectAlerts(run, ["firing"]);
    await evictDurableObject(objectOf(run));
    await log(run, [14], { from: 3 });
    await settled();
    expect((await alertsOf(run)).map((a) => a.alert_id)).toEqual([before?.alert_id]);
    await evictDurableObject(objectOf(run));
    await log(run, [1], { from: 4 });
    await expectAlerts(run, ["resolved"]);
  });

  it("lost with the object is found again", async () => {
    const { run } = await place();
    await newMonitor({ scope: { run_id: run }, window: { points: 3 }, aggregate: "mean" });
    await log(run, [9, 9]);
    await settled();
    await evictDurableObject(objectOf(run));
    await log(run, [30], { from: 2 });
    const [fired] = await expectAlerts(run, ["firing"]);
    expect(fired?.evidence.values).toEqual([9, 9, 30]);
  });

  it("looks back at what was published", async () => {
    const { run } = await place();
    await newMonitor({ scope: { run_id: run }, window: { points: 3 }, aggregate: "mean" });
    await log(run, [9, 9]);
    await ok("runs/update", { run_id: run, status: "FINISHED" });
    await evictDurableObject(objectOf(run));
    await log(run, [30], { from: 2 });
    const [fired] = await expectAlerts(run, ["firing"]);
    expect(fired?.evidence.values).toEqual([9, 9, 30]);
  });

  it("is acknowledged, listed in pages, and ended by hand", async () => {
    const { experiment, run } = await place();
    await newMonitor({ scope: { experiment_id: experiment }, cooldown_minutes: 0 });
    await log(run, [11, 1, 11]);
    const [open] = await expectAlerts(run, ["firing", "resolved"]);
    const first = await did("GET", `/alerts?experiment_id=${experiment}&limit=1`);
    expect(first.alerts).toHaveLength(1);
    const second = await did("GET", `/alerts?experiment_id=${experiment}&limit=1&page_token=${first.next_page_token}`);
    expect(second).not.toHaveProperty("next_page_token");
    expect(new Set([...first.alerts, ...second.alerts].map((a) => a.alert_id)).size).toBe(2);
    const path = `/alerts/${open?.alert_id}`;
    expect(await did("POST", `${path}/acknowledge`, { by: "ana", note: "known" })).toMatchObject({
      acknowledged_by: "ana",
      note: "known",
      state: "firing",
    });
    expect((await did("GET", `/alerts?run_id=${run}&unacknowledged=true`)).alerts).toHaveLength(1);
    expect(await did("POST", `${path}/resolve`)).toMatchObject({ state: "resolved", resolution: "hand" });
    await settled();
    await log(run, [12], { from: 3 });
    await expectAlerts(run, ["firing", "resolved", "resolved"]);
    expect((await call("GET", "/alerts/none"))[0]).toBe(404);
    expect((await call("GET", "/alerts?page_token=x"))[0]).toBe(400);
  });
});

describe("a scope", () => {
  it("with a filter is of runs that match it", async () => {
    const { experiment, run } = await place({ tags: [{ key: "env", value: "production" }] });
    const other = await newRun(experiment);
    await newMonitor({ scope: { experiment_id: experiment, filter: "tags.env = 'production'" } });
    await log(other, [11]);
    await log(run, [11]);
    await expectAlerts(run, ["firing"]);
    expect(await alertsOf(other)).toEqual([]);
  });

  it("of a model's alias is the run behind it", async () => {
    const { run } = await place();
    const name = `m-${run}`;
    await ok("registered-models/create", { name });
    await ok("model-versions/create", { name, source: `runs:/${run}/model`, run_id: run });
    await ok("registered-models/alias", { name, alias: "champion", version: "1" });
    await newMonitor({ scope: { model: name, alias: "champion" } });
    await log(run, [11]);
    await expectAlerts(run, ["firing"]);
  });
});

describe("an alias that moves", () => {
  /** Two runs of one experiment, and a model of which each is a version; the first is its champion. */
  async function contenders() {
    const { experiment, run } = await place();
    const next = await newRun(experiment);
    const name = `m-${run}`;
    await ok("registered-models/create", { name });
    for (const run_id of [run, next]) {
      await ok("model-versions/create", { name, source: `runs:/${run_id}/model`, run_id });
    }
    const crown = (version: string) => ok("registered-models/alias", { name, alias: "champion", version });
    await crown("1");
    return { experiment, run, next, name, crown };
  }

  it("takes the monitors of its scope along", async () => {
    const { run, next, name, crown } = await contenders();
    await newMonitor({ scope: { model: name, alias: "champion" } });
    await log(next, [11]);
    await log(run, [11]);
    await expectAlerts(run, ["firing"]);
    await crown("2");
    await expectAlerts(run, ["resolved"]);
    expect((await alertsOf(run))[0]?.resolution).toBe("monitor");
    await settled();
    expect(await alertsOf(next)).toEqual([]);
    await log(next, [12], { from: 1 });
    await expectAlerts(next, ["firing"]);
    await log(run, [12], { from: 1 });
    await settled();
    expect(await alertsOf(run)).toHaveLength(1);
    await remove("registered-models/alias", { name, alias: "champion" });
    await expectAlerts(next, ["resolved"]);
  });

  it("is the baseline of others at once", async () => {
    const { experiment, run, next, name, crown } = await contenders();
    await log(run, [5]);
    await log(next, [50]);
    const baseline = { model: name, alias: "champion" };
    await newMonitor({
      scope: { experiment_id: experiment },
      metric: "loss",
      condition: { type: "baseline", baseline, margin: 1 },
      cooldown_minutes: 0,
    });
    const challenger = await newRun(experiment);
    await log(challenger, [20]);
    const [fired] = await expectAlerts(challenger, ["firing"]);
    expect(fired?.evidence.baseline).toBe(5);
    await crown("2");
    await settled();
    await log(challenger, [20], { from: 1 });
    await expectAlerts(challenger, ["resolved"]);
    await remove("model-versions/delete", { name, version: "2" });
    await settled();
    await log(challenger, [70], { from: 2 });
    await settled();
    await expectAlerts(challenger, ["resolved"]);
  });
});

describe("a baseline", () => {
  it("is the run that the experiment's tag names", async () => {
    const { experiment, run } = await place();
    await log(run, [5]);
    await ok("experiments/set-experiment-tag", { experiment_id: experiment, key: "tidemark.baseline", value: run });
    const condition = { type: "baseline", baseline: { experiment: true }, margin: 0.1, relative: true };
    await newMonitor({ scope: { experiment_id: experiment }, condition });
    const next = await newRun(experiment);
    await log(next, [5.4, 5.6]);
    const [fired] = await expectAlerts(next, ["firing"]);
    expect(fired).toMatchObject({ opened_step: 1, evidence: { baseline: 5, limit: 5.5 } });
    await log(run, [50], { from: 1 });
    await settled();
    expect(await alertsOf(run)).toEqual([]);
  });

  it("is tested for drift", async () => {
    const { experiment, run } = await place();
    await log(
      run,
      Array.from({ length: 200 }, (_, i) => i % 20),
      { key: "score" },
    );
    const condition = { type: "drift", test: "ks", baseline: { run_id: run } };
    await newMonitor({ metric: "score", scope: { experiment_id: experiment }, condition, window: { points: 50 } });
    const next = await newRun(experiment);
    await log(
      next,
      Array.from({ length: 50 }, (_, i) => i % 20),
      { key: "score" },
    );
    await log(
      next,
      Array.from({ length: 50 }, () => 30),
      { key: "score", from: 50 },
    );
    const [fired] = await expectAlerts(next, ["firing"]);
    expect(fired?.evidence).toMatchObject({
      n: 50,
      m: 200,
      statistic: expect.any(Number),
      p_value: expect.any(Number),
    });
  });
});

describe("deliveries", () => {
  it("are signed, once for an alert and once for its end", async () => {
    const received = network();
    const { experiment, run } = await place();
    const url = `https://watch-${run}.example.com/hook`;
    const chat = `https://chat-${run}.example.com/hook`;
    const { notify } = await newMonitor({
      name: "loss <high>",
      scope: { experiment_id: experiment },
      cooldown_minutes: 10,
      notify: [
        { url, secret: "s3cret" },
        { url: chat, format: "slack" },
      ],
    });
    expect(notify).toEqual([
      { format: "json", url, signed: true },
      { format: "slack", url: chat, signed: false },
    ]);
    await log(run, [11]);
    const [alert] = await expectAlerts(run, ["firing"]);
    await expect.poll(() => received.length).toBe(2);
    const [first] = received.filter((r) => r.url === url);
    expect(first?.payload).toMatchObject({
      entity: "alert",
      action: "fired",
      data: { alert_id: alert?.alert_id, run_id: run, evidence: { value: 11 } },
    });
    if (first) expect(first.headers.get("X-MLflow-Signature")).toBe(await signatureOf("s3cret", first));
    expect(received.find((r) => r.url === chat)?.payload.text).toContain("loss &lt;high&gt;");
    // Resolved, then again within the cooldown: the same alert, of which nothing new is told.
    await log(run, [1, 12], { from: 1 });
    await expect.poll(async () => (await alertsOf(run))[0]?.reopened).toBe(1);
    await drained(`monitor:${url}`);
    await drained(`monitor:${chat}`);
    expect(received.filter((r) => r.url === url).map((r) => r.payload.action)).toEqual(["fired", "resolved"]);
  });

  it("of one alert keep their order, however the first fares", async () => {
    const answers = [503, 503, 200, 200, 200, 200];
    const received = network(() => new Response("", { status: answers.shift() ?? 200 }));
    const { run } = await place();
    const url = `https://order-${run}.example.com/hook`;
    await newMonitor({ scope: { run_id: run }, cooldown_minutes: 0, notify: [{ url }] });
    await log(run, [11, 1, 12, 2]);
    await expectAlerts(run, ["resolved", "resolved"]);
    await drained(`monitor:${url}`, 15_000);
    const told = Map.groupBy(received, ({ payload }) => payload.data.alert_id);
    expect(told.size).toBe(2);
    for (const messages of told.values()) {
      const actions = messages.map(({ payload }) => payload.action);
      expect(actions.lastIndexOf("fired")).toBeLessThan(actions.indexOf("resolved"));
      expect(new Set(messages.map(({ headers }) => headers.get("X-MLflow-Delivery-Id"))).size).toBe(2);
    }
  }, 20_000);

  it("are none while it is muted", async () => {
    const received = network();
    const { run } = await place();
    await newMonitor({
      scope: { run_id: run },
      muted_until: Date.now() + 60_000,
      notify: [{ url: `https://muted-${run}.example.com/`, format: "discord" }],
    });
    await log(run, [11]);
    const [alert] = await expectAlerts(run, ["firing"]);
    expect(alert?.muted).toBe(true);
    await settled();
    expect(received).toEqual([]);
    expect((await env.DB.prepare("SELECT count(*) AS n FROM webhook_outbox").first<{ n: number }>())?.n).toBe(0);
  });
});

describe("a preview", () => {
  it("says what would have fired", async () => {
    const { experiment, run } = await place();
    await log(run, [1, 11, 12, 1, 15]);
    const rule = { metric: "loss", condition: { type: "threshold", value: 10 }, cooldown_minutes: 0 };
    const body = { scope: { experiment_id: experiment }, ...rule };
    expect(await did("POST", "/monitors/preview", body)).toMatchObject({
      sentence: "loss is above 10",
      fired: 2,
      firing: 1,
      runs: 1,
      points: 5,
      alerts: [
        { run_id: run, fired: { step: 1, value: 11 }, resolved: { step: 3 } },
        { run_id: run, fired: { step: 4, evidence: { limit: 10 } } },
      ],
      now: [{ run_id: run, value: 15, limit: 10 }],
    });
    const high = { ...body, condition: { type: "threshold", value: 14 } };
    expect((await did("POST", "/monitors/preview", high)).fired).toBe(1);
    const before = { type: "baseline", baseline: { trailing: { points: 4 } }, margin: 1, relative: true };
    expect((await did("POST", "/monitors/preview", { ...body, condition: before })).now).toEqual([
      { run_id: run, value: 15, limit: 2, baseline: 1 },
    ]);
  });

  it("of samples compares them", async () => {
    const answer = await did("POST", "/statistics/compare", { sample: [1, 2, 3, "NaN"], baseline: [4, 5, 6] });
    expect(answer).toMatchObject({
      ks: { statistic: 1, p_value: expect.closeTo(0.1, 12), method: "exact" },
      n: 3,
      m: 3,
    });
  });
});
