/** Requests with one thing wrong, against an experiment, a run and a model that nothing else looks at. */
import { WRONG_TYPES } from "./values.mjs";

/** A step that spoils one of the requests that all families offer. */
export function spoiling(requests) {
  return function* spoiled(world) {
    const { random } = world;
    const on = { world, experiment: "", run: "", model: "" };
    const made = { experiments: [], runs: [], models: [] };
    const request = random.pick(requests);
    const needs = JSON.stringify(request({ ...on, experiment: "<E>", run: "<R>", model: "<M>" }, world));
    if (/<E>|<R>|<M>/.test(needs)) {
      yield* world.newExperiment(made.experiments, { name: world.spoiltName() });
      on.experiment = made.experiments[0] ?? "";
    }
    if (needs.includes("<R>")) {
      yield* world.newRun(on.experiment, made.runs);
      on.run = made.runs[0] ?? "";
    }
    if (needs.includes("<M>")) {
      yield* world.newModel(on.experiment, made.models);
      on.model = made.models[0] ?? "";
    }
    yield spoil(random, request(on, world));
  };
}

function spoil(random, call) {
  const spoilt = structuredClone(call);
  const { holder, field } = place(random, spoilt.body);
  return random.weighted([
    [5, () => without(spoilt, holder, field)],
    [6, () => withWrongType(random, spoilt, holder, field)],
    [2, () => ({ ...spoilt, body: camelCase(spoilt.body), intent: "camelCase" })],
    [1, () => ({ ...spoilt, body: { ...spoilt.body, unknown_field: { a: 1 } } })],
    [1, () => ({ ...spoilt, raw: JSON.stringify(JSON.stringify(spoilt.body)) })],
    [1, () => ({ ...spoilt, path: `/ajax-api/2.0/mlflow/${spoilt.path}` })],
    [
      1,
      () => ({ ...spoilt, raw: random.pick(["{bad", "[1]", "[]", "7", '"text"', "true"]), intent: "malformed JSON" }),
    ],
    [1, () => ({ ...spoilt, raw: random.pick(["", "null", " "]) })],
    [
      1,
      () => ({
        ...spoilt,
        headers: { "Content-Type": random.pick(["text/plain", "application/json; charset=utf-8", "APPLICATION/JSON"]) },
      }),
    ],
    [
      1,
      () => ({
        ...spoilt,
        method: random.pick(["PUT", "PATCH"].filter((verb) => verb !== spoilt.method)),
        intent: "wrong verb",
      }),
    ],
  ])();
}

/** A field somewhere in a body, and the object that holds it. */
function place(random, body) {
  const field = random.pick(Object.keys(body));
  const value = body[field];
  const inner = Array.isArray(value) ? value.find((each) => typeof each === "object") : value;
  if (typeof inner === "object" && inner !== null && Object.keys(inner).length > 0 && random.chance(0.6))
    return place(random, inner);
  return { holder: body, field };
}

function without(call, holder, field) {
  delete holder[field];
  return call;
}

function withWrongType(random, call, holder, field) {
  holder[field] = random.chance(0.2) ? null : random.pick(WRONG_TYPES);
  return { ...call, intent: "wrong type" };
}

const camelCase = (body) =>
  Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );
