/**
 * Filters and orders, most of them good. A filter is `{ text, intent }`: `intent` says what it holds that Tidemark
 * understands and MLflow does not.
 */
import { filter, listTest, nullTest, numberTest, order, textTest, written } from "./grammar.mjs";
import { key, NO_RUN, RUN_STATUSES } from "./values.mjs";

/** A filter of runs. */
export function runFilter(world) {
  const { random } = world;
  const one = (...aliases) => `${random.pick(aliases)}.${written(random, key(random))}`;
  const attribute = (name) => random.pick(["", "", "attributes.", "attribute.", "attr.", "run."]) + name;
  const clause = () =>
    random.weighted([
      [4, () => numberTest(random, one("metrics", "metric"))],
      [3, () => textTest(random, one("params", "param", "parameters", "parameter"))],
      [3, () => textTest(random, one("tags", "tag"))],
      [1, () => nullTest(random, one("params", "tags"))],
      [
        2,
        () =>
          textTest(
            random,
            attribute(random.pick(["run_name", "`run name`", "`Run name`"])),
            random.pick(["alpha", "beta", "Alpha", "named"]),
          ),
      ],
      [2, () => textTest(random, attribute("status"), random.pick([...RUN_STATUSES, "running"]))],
      [
        2,
        () =>
          numberTest(random, attribute(random.pick(["start_time", "end_time", "created", "Created"])), [
            "1000000",
            "1100000",
            "0",
            "5",
            "1.5",
            "'5'",
          ]),
      ],
      [1, () => textTest(random, attribute("user_id"))],
      [1, () => textTest(random, attribute("artifact_uri"), random.pick(["mlflow-artifacts:%", "%/artifacts"]))],
      [1, () => `${attribute("run_id")} ${random.pick(["=", "!="])} '${world.run()}'`],
      [1, () => listTest(random, attribute("run_id"), [world.run(), NO_RUN, world.run()].slice(0, random.int(0, 3)))],
      [1, () => listTest(random, attribute(random.pick(["run_name", "status", "start_time"])), ["alpha", "RUNNING"])],
      [
        2,
        () =>
          textTest(
            random,
            `${random.pick(["dataset", "datasets"])}.${random.pick(["name", "digest", "context", "source"])}`,
            random.pick(["iris", "d1", "train", "Iris", "eval"]),
          ),
      ],
      [
        1,
        () =>
          listTest(
            random,
            `dataset.${random.pick(["name", "digest", "context"])}`,
            random.some(["iris", "mnist", "d1", "train"], 2),
          ),
      ],
      [
        0.5,
        () =>
          random.pick([
            "foo.bar = 'x'",
            "experiment_id = '1'",
            "lifecycle_stage = 'active'",
            "metrics.loss = 'x'",
            "params.lr = 5",
            "tags.x > 'a'",
            "run_id > 'a'",
            "metrics.loss LIKE 'a'",
            "metrics.loss IS NULL",
            "status > 'a'",
            "metrics.loss = nan",
            "metrics. = 1",
          ]),
      ],
    ])();
  return filter(random, clause);
}

/** Never by what is random: run_id, artifact_uri. */
export function runOrder(world) {
  const { random } = world;
  const one = () =>
    random.weighted([
      [4, () => `metrics.${written(random, key(random))}`],
      [2, () => `params.${written(random, key(random))}`],
      [2, () => `tags.${written(random, key(random))}`],
      [
        4,
        () =>
          random.pick(["", "attributes.", "attribute."]) +
          random.pick(["start_time", "end_time", "status", "run_name", "user_id", "`run name`", "Created"]),
      ],
      [
        0.7,
        () =>
          random.pick([
            "foo",
            "dataset.name",
            "metrics",
            "metrics.",
            "",
            "start_time start_time",
            "params.lr,",
            "start_time;",
            "lifecycle_stage",
            "experiment_id",
          ]),
      ],
    ])();
  return order(random, one, 3);
}

/** A filter of experiments: always of this sequence's own, as others make theirs at the same time. */
export function experimentFilter(world) {
  const { random } = world;
  const tag = () => `${random.pick(["tags", "tag"])}.${written(random, key(random))}`;
  const attribute = (name) => random.pick(["", "", "attribute.", "attributes."]) + name;
  const clause = () =>
    random.weighted([
      [3, () => textTest(random, attribute("name"), random.pick([`${world.prefix}%`, "%exp%", "%EXP%", "Default"]))],
      [4, () => textTest(random, tag())],
      [1, () => nullTest(random, tag())],
      [2, () => `${attribute("experiment_id")} ${random.pick(["=", "!="])} '${world.experiment()}'`],
      [
        1,
        () =>
          listTest(
            random,
            attribute("experiment_id"),
            [world.experiment(), "0", world.experiment()].slice(0, random.int(0, 3)),
          ),
      ],
      [
        2,
        () =>
          numberTest(random, attribute(random.pick(["creation_time", "last_update_time"])), [
            "0",
            "1",
            "99999999999999",
            "-1",
            "1.5",
            "'5'",
          ]),
      ],
      [
        0.5,
        () =>
          random.pick([
            "foo.bar = 'x'",
            "lifecycle_stage = 'active'",
            "metrics.a = 1",
            "name > 'a'",
            "name = 5",
            "creation_time LIKE 'a'",
            "tags.a > 'b'",
            "artifact_location = 'x'",
          ]),
      ],
    ])();
  const own = `name LIKE '${world.prefix}%'`;
  const { text: rest, intent } = filter(random, clause, 2);
  if (!rest) return { text: own };
  return intent ? { text: rest, intent } : { text: `${own} AND ${rest}` };
}

export const experimentOrder = (random) =>
  order(
    random,
    () =>
      random.pick(["", "", "attribute."]) +
      random.weighted([
        [3, "name"],
        [3, "experiment_id"],
        [3, "creation_time"],
        [3, "last_update_time"],
        [0.3, "foo"],
        [0.2, "tags.a"],
        [0.2, ""],
      ]),
    2,
  );

/** A filter of logged models. */
export function modelFilter(world) {
  const { random } = world;
  const plain = () => random.pick(["loss", "acc", "lr", "UPPER", "m.1"]);
  const attribute = (name) => random.pick(["", "", "attributes."]) + name;
  const clause = () =>
    random.weighted([
      [3, () => textTest(random, attribute("name"), random.pick(["net", "tree", "Net"]))],
      [1, () => textTest(random, attribute("model_type"), "agent")],
      [2, () => listTest(random, attribute("name"), random.some(["net", "tree", "x"], 2))],
      [1, () => textTest(random, attribute("source_run_id"), world.run())],
      [1, () => `${attribute("model_id")} ${random.pick(["=", "!="])} '${world.model()}'`],
      [1, () => textTest(random, attribute("status"), "READY")],
      [
        2,
        () =>
          numberTest(random, attribute(random.pick(["creation_timestamp", "last_updated_timestamp"])), [
            "0",
            "99999999999999",
            "1",
          ]),
      ],
      [3, () => numberTest(random, `metrics.${random.pick([plain(), `\`${key(random)}\``])}`)],
      [3, () => textTest(random, `params.${random.pick([plain(), `\`${key(random)}\``])}`)],
      [3, () => textTest(random, `tags.${random.pick([plain(), `\`${key(random)}\``])}`)],
      [
        0.4,
        () =>
          random.pick([
            "metric.loss > 1",
            "foo.bar = 'x'",
            "metrics.loss = 'x'",
            "params.lr = 5",
            "name = 5",
            "name > 'a'",
          ]),
      ],
    ])();
  return filter(random, clause);
}

export function modelOrder(world) {
  const { random } = world;
  if (random.chance(0.4)) return undefined;
  const field = () =>
    random.weighted([
      [3, "name"],
      [3, "creation_timestamp"],
      [2, "last_updated_timestamp"],
      [1, "model_type"],
      [3, `metrics.${random.pick(["loss", "acc"])}`],
      [0.4, "foo"],
      [0.3, "params.lr"],
      [0.3, ""],
    ]);
  return Array.from({ length: random.int(1, 2) }, () => ({
    field_name: field(),
    ...(random.chance(0.6) && { ascending: random.chance(0.5) }),
  }));
}

/** A filter of one sequence's registered models. */
export function registeredModelFilter(world) {
  const { random } = world;
  const clause = () =>
    random.weighted([
      [
        3,
        () =>
          textTest(
            random,
            random.pick(["name", "name", "attribute.name"]),
            random.pick([...world.registered, "%reg%", "%REG%"]),
          ),
      ],
      [2, () => listTest(random, "name", random.some([...world.registered, "x"], 2))],
      [4, () => textTest(random, `${random.pick(["tags", "tag"])}.${written(random, key(random))}`)],
      [
        0.5,
        () => random.pick(["foo = 'a'", "name > 'a'", "name = 5", "tags.a > 'x'", "run_id = 'x'", "tags.a IS NULL"]),
      ],
    ])();
  return ofOwn(world, filter(random, clause, 2));
}

/** Names begin with the sequence's own. */
function ofOwn(world, { text: rest, intent }) {
  const own = `name LIKE '${world.prefix}%'`;
  if (!rest) return { text: own };
  return intent ? { text: rest, intent } : { text: `${own} AND ${rest}` };
}

export const registeredModelOrder = (random) =>
  order(
    random,
    () =>
      random.weighted([
        [4, "name"],
        [3, "last_updated_timestamp"],
        [2, "timestamp"],
        [0.4, random.pick(["foo", "tags.a", "creation_timestamp", ""])],
      ]),
    2,
  );

/** A filter of the versions of one sequence's registered models. */
export function modelVersionFilter(world) {
  const { random } = world;
  const clause = () =>
    random.weighted([
      [2, () => textTest(random, "name", random.pick([...world.registered, "%reg%"]))],
      [1, () => listTest(random, "name", random.some([...world.registered, "x"], 2))],
      [2, () => `run_id ${random.pick(["=", "!="])} '${world.run()}'`],
      [1, () => listTest(random, "run_id", [world.run(), NO_RUN])],
      [2, () => textTest(random, "source_path", random.pick(["s3://bucket/model", "s3%", "%MODEL"]))],
      [3, () => numberTest(random, "version_number", ["1", "2", "'1'", "0", "1.5"])],
      [3, () => textTest(random, `${random.pick(["tags", "tag"])}.${written(random, key(random))}`)],
      [
        0.5,
        () =>
          random.pick([
            "foo = 'a'",
            "name > 'a'",
            "current_stage = 'None'",
            "version_number LIKE '1'",
            "source_path IN ('a')",
          ]),
      ],
    ])();
  return ofOwn(world, filter(random, clause, 2));
}

export const modelVersionOrder = (random) =>
  order(
    random,
    () =>
      random.weighted([
        [3, "name"],
        [3, "version_number"],
        [3, "creation_timestamp"],
        [3, "last_updated_timestamp"],
        [0.4, random.pick(["foo", "run_id", "current_stage", ""])],
      ]),
    2,
  );
