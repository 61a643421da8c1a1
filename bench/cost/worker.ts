/** Entry of the cost bench: `/?workload=NAME` replays it and answers with what it would have been billed for. */
import type { Env } from "../../src/env";
import { counts, reset, snapshot } from "./meters";
import { WORKLOADS } from "./workloads";
import { World } from "./world";

// Every class of an object the app has, RunLog as it is here.
export * from "../../src/index";
export { RunLog } from "./world";

export default {
  async fetch(request, env): Promise<Response> {
    const name = new URL(request.url).searchParams.get("workload");
    if (name === null)
      return Response.json(Object.entries(WORKLOADS).map(([id, { title, full }]) => ({ id, title, full })));
    const workload = WORKLOADS[name];
    if (!workload) return new Response("no such workload", { status: 404 });
    const world = new World(env);
    // Not counted: the database's first pages, and whatever runs when it is first used.
    await world.call("experiments/get?experiment_id=0");
    reset();
    const sizeBefore = counts.d1Bytes;
    const started = world.now;
    const metrics = await workload.run(world);
    return Response.json({ metrics, seconds: (world.now - started) / 1000, sizeBefore, counts: snapshot() });
  },
} satisfies ExportedHandler<Env>;
