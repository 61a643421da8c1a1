/** The page's store of series, with a server whose answers come when the test says so. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { load } from "./pure.mjs";

const { SeriesStore } = await load("charts/series-store.ts");
const { encodeSeries } = await load("../../src/metrics/series-format.ts");

describe("series that are read while points come", () => {
  /** @type {{ answer: (steps: number) => void, fail: () => void }[]} */
  let calls = [];
  globalThis.window ??= /** @type {any} */ (globalThis);

  beforeEach(() => {
    calls = [];
    globalThis.fetch = /** @type {any} */ (
      (/** @type {string} */ url, /** @type {{ body: string }} */ { body }) =>
        new Promise((resolve, reject) => {
          if (!url.endsWith("/metrics/series")) return reject(new Error(`unexpected call of ${url}`));
          calls.push({
            answer: (steps) =>
              resolve(
                new Response(
                  encodeSeries({ x: "step", buckets: 600, series: [series(steps, JSON.parse(body).key[0])] }),
                ),
              ),
            fail: () => reject(new TypeError("Failed to fetch")),
          });
        })
    );
  });

  /** Steps 0 to n - 1, each with itself as value. @param {number} n @param {string} key */
  function series(n, key) {
    const x = Float64Array.from({ length: n }, (_, i) => i);
    const counts = new Uint32Array(n).fill(1);
    return { run_id: "r", key, rows: n, points: n, nans: 0, exact: true, x, last: x, min: x, max: x, counts };
  }
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  /** @param {number[]} steps */
  const points = (...steps) => ({ k: steps.map((step) => [step, step, step]) });
  /** @param {any} store */
  const shown = (store) => [...store.track("r", "k").x];

  async function begin() {
    const store = new SeriesStore();
    store.setRuns(["r"]);
    store.want("k");
    await settle();
    assert.equal(calls.length, 1);
    return store;
  }

  test("a point that came during a second reading is kept, whichever of the two answers first", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      calls = [];
      const store = await begin();
      store.reload(["r"]);
      await settle();
      assert.equal(calls.length, 2);
      const steps = [3, 5];
      const [first = 0, second = 1] = order;
      calls[first]?.answer(steps[first] ?? 0);
      await settle();
      store.addPoints("r", points(5));
      assert.equal(shown(store).at(-1), 5);
      calls[second]?.answer(steps[second] ?? 0);
      await settle();
      assert.deepEqual(shown(store), [0, 1, 2, 3, 4, 5]);
      assert.ok(store.isLoaded("k"));
      store.close();
    }
  });

  test("a reading that failed for want of a connection is made again once the server answers", async () => {
    const store = await begin();
    calls[0]?.fail();
    await settle();
    assert.match(store.error("k").message, /does not answer/);
    store.want("other");
    await settle();
    // Any answer shows that the server is back.
    calls[1]?.answer(0);
    await settle();
    calls[2]?.answer(4);
    await settle();
    assert.equal(store.error("k"), undefined);
    assert.deepEqual(shown(store), [0, 1, 2, 3]);
    store.close();
  });
});
