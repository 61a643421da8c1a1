import { describe, expect, test } from "vitest";
import { SearchError } from "../../src/search/error";
import { filterOf, orderOf } from "../../src/search/filter";
import type { Filter, Kind } from "../../src/search/kind";
import { EXPERIMENTS } from "../../src/search/kinds/experiments";
import { LOGGED_MODELS } from "../../src/search/kinds/logged-models";
import { MODEL_VERSIONS, REGISTERED_MODELS } from "../../src/search/kinds/registry";
import { RUNS } from "../../src/search/kinds/runs";

/** A filter's meaning in one line. */
function shown(filter: Filter | undefined): string {
  if (!filter) return "all";
  if (filter.type === "not") return `not(${shown(filter.part)})`;
  if (filter.type === "comparison") {
    return `${filter.entity}[${filter.key}] ${filter.operator} ${JSON.stringify(filter.value)}`;
  }
  return `${filter.type}(${filter.parts.map(shown).join(", ")})`;
}

const read = (kind: Kind, filter: string) => shown(filterOf(kind, filter));

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SearchError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("filters of runs", () => {
  test.each([
    ["", "all"],
    ["metrics.m > 1", "metric[m] > 1"],
    ["metric.m>=-1.5e3", "metric[m] >= -1500"],
    ["metrics.m >.5", "metric[m] > 0.5"],
    ["metrics.m > 1.", "metric[m] > 1"],
    ["metrics.m < 1e+5", "metric[m] < 100000"],
    ["metrics.5 > 1", "metric[5] > 1"],
    ['params.p = "x"', 'param[p] = "x"'],
    ["params.p = ''", 'param[p] = ""'],
    ["parameters.p like 'X'", 'param[p] LIKE "X"'],
    ["params.p Ilike 'X'", 'param[p] ILIKE "X"'],
    ["params.p is  not   null", "param[p] IS NOT NULL null"],
    ["params.a.b = 'it''s'", `param[a.b] = "it''s"`],
    ["params.`a.b` = 'x'", 'param[a.b] = "x"'],
    ["params.\"a.b\" = 'x'", 'param[a.b] = "x"'],
    ["params.'p' = 'x'", 'param[p] = "x"'],
    ["`params`.p = 'x'", 'param[p] = "x"'],
    ["params. = 'x'", 'param[] = "x"'],
    ["params.order = 'x'", 'param[order] = "x"'],
    ["tags.`é (1)` = 'x'", 'tag[é (1)] = "x"'],
    ["tags.mlflow.user='x'", 'tag[mlflow.user] = "x"'],
    ["tags.t = 'a\\'b'", `tag[t] = "a\\\\'b"`],
    ['tags.t = "a\'b"', `tag[t] = "a'b"`],
    ["tags.t = ' AND x = (y) '", 'tag[t] = " AND x = (y) "'],
    ["run.status = 'RUNNING'", 'attribute[status] = "RUNNING"'],
    ["\"run name\" = 'b'", 'attribute[run_name] = "b"'],
    ["attributes.`Run Name` = 'b'", 'attribute[run_name] = "b"'],
    ["Created > 1.5", "attribute[start_time] > 1.5"],
    ["run_id not  in ('a')", 'attribute[run_id] NOT IN ["a"]'],
    ["run_id IN ('a' 'b', \"c\",)", 'attribute[run_id] IN ["ab","c"]'],
    ["dataset.context IN ('a','b')", 'dataset[context] IN ["a","b"]'],
    ["metrics.m > 1 and metrics.m < 3", "and(metric[m] > 1, metric[m] < 3)"],
    ["params.p = 'x'AND params.p='x'", 'and(param[p] = "x", param[p] = "x")'],
    ["params.p='x' params.p='y'", 'and(param[p] = "x", param[p] = "y")'],
    [
      "params.p IS NULL run_id IN ('a') params.p='y'",
      'and(param[p] IS NULL null, attribute[run_id] IN ["a"], param[p] = "y")',
    ],
    ["AND params.p='x' AND AND params.p='y' AND", 'and(param[p] = "x", param[p] = "y")'],
    ["AND", "all"],
    // What MLflow lacks.
    ["params.p='x' OR params.p='y'", 'or(param[p] = "x", param[p] = "y")'],
    ["NOT params.p='x'", 'not(param[p] = "x")'],
    ["not not params.p='x'", 'not(not(param[p] = "x"))'],
    ["metrics.a > 1 or metrics.b > 2 and metrics.c > 3", "or(metric[a] > 1, and(metric[b] > 2, metric[c] > 3))"],
    [
      "(metrics.a > 1 OR metrics.b > 2) AND NOT (metrics.c > 3)",
      "and(or(metric[a] > 1, metric[b] > 2), not(metric[c] > 3))",
    ],
    [
      "run_id IN ('a') OR NOT run_id NOT IN ('b')",
      'or(attribute[run_id] IN ["a"], not(attribute[run_id] NOT IN ["b"]))',
    ],
  ])("%s", (filter, expected) => {
    expect(read(RUNS, filter)).toBe(expected);
  });

  const unjoined = (clause: string) => `Invalid clause in filter string: '${clause}' needs an AND before it.`;
  const clauses = (list: string) => `Invalid clause(s) in filter string: ${list}`;
  const KEYS =
    "'{'run_id', 'run_name', 'run name', 'Run name', 'Run Name', 'user_id', 'status', 'artifact_uri', 'start_time', " +
    "'created', 'Created', 'end_time'}'";
  const quote = (text: string) =>
    `Parameter value is either not quoted or unidentified quote types used for string value ${text}. ` +
    "Use either single or double quotes.";
  const NUMBERS = "'{'=', '!=', '<', '<=', '>', '>='}";

  test.each([
    [" ", "Invalid filter ' '. Could not be parsed."],
    ["foo", clauses("'foo'")],
    ["metrics.m", clauses("'metrics.m'")],
    ["metrics.m >", clauses("'metrics.m', '>'")],
    ["> 1", clauses("'>', '1'")],
    ["metrics.m > - 1", clauses("'metrics.m', '>', '-', '1'")],
    ["metrics.m BETWEEN 1 AND 2", clauses("'metrics.m', 'BETWEEN', '1', '2'")],
    ["metrics.m = 1 2", clauses("'2'")],
    ["metrics.acc -1 > 1", clauses("'metrics.acc'")],
    ["params.p = 'x", clauses("'params.p', '=', ''', 'x'")],
    ["params.p IS NOT", clauses("'params.p', 'IS', 'NOT'")],
    ["params.p IS 'x'", clauses("'params.p', 'IS', ''x''")],
    ["tags.t IS NULL IS NULL", clauses("'IS', 'NULL'")],
    ["tags.t = 'x' run_id IN ('a')", unjoined("run_id IN")],
    ["run_id IN ('b') run_id not in ('a')", unjoined("run_id not in")],
    ["tags.t = 'x' tags.u IS NULL", unjoined("tags.u IS NULL")],
    ["foo tags.u IS NULL", clauses("'foo'")],
    ["tags.t = ‘x’", clauses("'tags.t', '=', '‘', 'x', '’'")],
    ["run_id IN ('a'", clauses("'run_id', 'IN', '(', ''a''")],
    ["run_id IN 'a'", clauses("'run_id', 'IN', ''a''")],
    ["params.p='x';", clauses("';'")],
    ["params.p = 'x' -- c", clauses("'-- c'")],
    ["params.p = 'x' OR", clauses("'OR'")],
    ["OR params.p = 'x'", clauses("'OR'")],
    ["params.p = 'x' AND NOT", clauses("'NOT'")],
    ["()", clauses("'()'")],
    ["(params.p = 'x'", clauses("'('")],
    ["params.p = 'x')", clauses("')'")],
    [
      "params.p='x'; params.p='y'",
      "Search filter contained multiple expression \"params.p='x'; params.p='y'\". Provide AND-ed expression list.",
    ],
    ["1 = 1", "Invalid comparison clause. Expected 'Identifier' found '1'"],
    ["'x' = params.p", "Invalid comparison clause. Expected 'Identifier' found ''x''"],
    ["tags.a-b = 'x'", "Invalid comparison clause. Expected 'Identifier' found 'tags.a-b'"],
    ["tags.a/b = 'x'", "Invalid comparison clause. Expected 'Identifier' found 'tags.a/b'"],
    ["foo = 'a'", `Invalid attribute key 'foo' specified. Valid keys are ${KEYS}`],
    ["attribute.constructor = 'a'", `Invalid attribute key 'constructor' specified. Valid keys are ${KEYS}`],
    ["dataset.foo = 'a'", "Invalid dataset key 'foo' specified. Valid keys are '{'name', 'digest', 'context'}'"],
    [
      "PARAMS.p = 'x'",
      "Invalid entity type 'PARAMS'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    ],
    [
      "`params.p` = 'x'",
      "Invalid entity type '`params'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    ],
    ["metrics.m > 'a'", "Expected numeric value type for metric. Found 'a'"],
    ["metrics.m > nan", "Expected numeric value type for metric. Found nan"],
    ["metrics.m>1and metrics.m<3", "Expected numeric value type for metric. Found 1and"],
    ["metrics.m IN (1)", "Expected numeric value type for metric. Found (1)"],
    ["metrics.m LIKE 'a'", "Expected numeric value type for metric. Found 'a'"],
    ["metrics.m == 1", `Invalid comparator '==' not one of ${NUMBERS}`],
    ["metrics.m IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'm'"],
    ["status IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params, not for 'attribute' 'status'"],
    ["params.p = x", quote("x")],
    ["params.p = `x`", quote("`x`")],
    ["status = RUNNING", quote("RUNNING")],
    ["dataset.context = train", quote("train")],
    ["params.p = 1", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"],
    ["params.p IN ('x')", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value ('x')"],
    ["tags.t = null", "Expected a quoted string value for tag (e.g. 'my-value'). Got value null"],
    ["status = 1", "Expected a quoted string value for attributes. Got value 1"],
    ["dataset.name = 1", "Expected a quoted string value for dataset attributes. Got value 1"],
    ["params.p > 'x'", "Invalid comparator '>' not one of '{'=', '!=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL'}'"],
    [
      "tags.t NOT LIKE 'x'",
      "Invalid comparator 'NOT LIKE' not one of '{'=', '!=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL'}",
    ],
    ["status > 'a'", "Invalid comparator '>' not one of '{'=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}'"],
    ["status IN ('x')", "Only ['run_id'] attributes support comparison with a list of quoted string values."],
    ["start_time > '1'", "Expected numeric value type for numeric attribute: start_time. Found '1'"],
    [
      "run_id IN ()",
      "While parsing a list in the query, expected a non-empty list of string values, but got empty list",
    ],
    [
      "run_id IN ('a', 1)",
      "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type " +
        "in list: ('a', 1)",
    ],
    [
      "run_id IN (1)",
      "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type " +
        "in list: (1,)",
    ],
  ])("%s is refused", (filter, message) => {
    expect(refusal(() => filterOf(RUNS, filter))).toBe(message);
  });

  test.each([
    ["metrics.a > 1 AND params.p = x", "x"],
    ["metrics.a > 1 AND params.p ~ 'x'", "~"],
    ["metrics.a > 1 AND foo = 'x'", "foo"],
    ["metrics.a > 1 AND foo bar", "foo"],
    ["metrics.a > 1 AND status IS NULL", "status IS NULL"],
  ])("%s: the mistake is at %s", (filter, place) => {
    try {
      filterOf(RUNS, filter);
      expect.unreachable();
    } catch (error) {
      const { start, end } = (error as SearchError).span;
      expect(filter.slice(start, end)).toBe(place);
    }
  });

  test("a filter has bounds", () => {
    const clause = "metrics.m > 1";
    expect(read(RUNS, Array(100).fill(clause).join(" AND "))).toContain("and(");
    expect(refusal(() => filterOf(RUNS, Array(101).fill(clause).join(" AND ")))).toContain("100 comparisons at most");
    expect(refusal(() => filterOf(RUNS, `${"(".repeat(21)}${clause}${")".repeat(21)}`))).toContain("20 deep at most");
    expect(refusal(() => filterOf(RUNS, `${"NOT ".repeat(21)}${clause}`))).toContain("20 deep at most");
  });
});

describe("orderings of runs", () => {
  test.each([
    ["metrics.m", "metric", "m", false],
    ["metrics.m  Desc", "metric", "m", true],
    ["metrics.`a b` DESC", "metric", "a b", true],
    ['metrics."a b"', "metric", "a b", false],
    ["metrics.desc desc", "metric", "desc", true],
    ["params.order", "param", "order", false],
    ["tags.mlflow.user asc", "tag", "mlflow.user", false],
    ["Created DESC", "attribute", "start_time", true],
    ["metrics.m\nDESC", "metric", "m", true],
  ])("%s", (clause, entity, key, descending) => {
    expect(orderOf(RUNS, [clause])).toEqual([{ entity, key, descending }]);
  });

  const notParsed = (clause: string) => `Invalid order_by clause '${clause}'. Could not be parsed.`;
  const KEYS =
    "'{'run_id', 'run_name', 'user_id', 'status', 'artifact_uri', 'start_time', 'created', 'Created', 'end_time'}'";

  test.each([
    [[" metrics.m DESC "], notParsed(" metrics.m DESC ")],
    [["metrics.m ASC DESC"], notParsed("metrics.m ASC DESC")],
    [["metrics.m, params.p"], notParsed("metrics.m, params.p")],
    [["metrics.m DESC;"], notParsed("metrics.m DESC;")],
    [["metrics.x-y DESC"], notParsed("metrics.x-y DESC")],
    [[""], notParsed("")],
    [["1"], notParsed("1")],
    [["'metrics.m'"], notParsed("'metrics.m'")],
    [["metrics.m DES"], "Invalid ordering key in order_by clause 'metrics.m DES'."],
    [["Run Name"], "Invalid ordering key in order_by clause 'Run Name'."],
    [["foo"], `Invalid attribute key 'foo' specified. Valid keys are ${KEYS}`],
    [["`run name`"], `Invalid attribute key 'run name' specified. Valid keys are ${KEYS}`],
    [["dataset.name"], "Invalid identifier type 'dataset'"],
    [["foo.bar"], "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"],
    [["metrics.m ASC", "metric.m DESC"], "`order_by` contains duplicate fields: ['metrics.m ASC', 'metric.m DESC']"],
    [["start_time", "created"], "`order_by` contains duplicate fields: ['start_time', 'created']"],
  ])("%j is refused", (clauses, message) => {
    expect(refusal(() => orderOf(RUNS, clauses))).toBe(message);
  });
});

describe("other kinds", () => {
  const ONLY = "attributes support comparison with a list of quoted string values.";

  test.each<[Kind, string, string]>([
    [EXPERIMENTS, "tag.a LIKE 'x' AND attribute.name != 'b'", 'and(tag[a] LIKE "x", attribute[name] != "b")'],
    [EXPERIMENTS, "experiment_id not in ('0')", 'attribute[experiment_id] NOT IN ["0"]'],
    [EXPERIMENTS, "tags.a is null", "tag[a] IS NULL null"],
    [REGISTERED_MODELS, "name in ('a','b') and tags.x like 'y'", 'and(attribute[name] IN ["a","b"], tag[x] LIKE "y")'],
    [
      MODEL_VERSIONS,
      "version_number > '1' AND run_id IN ('a')",
      'and(attribute[version_number] > 1, attribute[run_id] IN ["a"])',
    ],
    [LOGGED_MODELS, 'params.a = 1 AND tags.b = "x"', 'and(param[a] = "1", tag[b] = "\\"x\\"")'],
    [LOGGED_MODELS, `name IN ("a", 'b') AND params.p IN (1)`, 'and(attribute[name] IN ["a","b"], param[p] IN ["1"])'],
    [LOGGED_MODELS, "name IN () AND metrics.m != -1", "and(attribute[name] IN [], metric[m] != -1)"],
  ])("%#: %s", (kind, filter, expected) => {
    expect(read(kind, filter)).toBe(expected);
  });

  test.each<[Kind, string, string]>([
    [EXPERIMENTS, "name", "Invalid clause(s) in filter string: name"],
    [
      EXPERIMENTS,
      "name like 'a'",
      "Invalid comparator 'like' not one of '{'=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}'",
    ],
    [EXPERIMENTS, "tags.a like 'x'", "Invalid comparator for tag: like"],
    [EXPERIMENTS, "experiment_id in ('0')", "Invalid comparator for experiment_id: in"],
    [EXPERIMENTS, "name IN ('a')", `Only ['experiment_id'] ${ONLY}`],
    [EXPERIMENTS, "creation_time > 5.0", "Invalid value for numeric attribute 'creation_time': '5.0'"],
    [EXPERIMENTS, "creation_time > 1e3", "Invalid value for numeric attribute 'creation_time': '1000.0'"],
    [
      EXPERIMENTS,
      "metrics.a = 1",
      "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag', 'tags')",
    ],
    [EXPERIMENTS, "name IS NULL", "IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'"],
    [REGISTERED_MODELS, "name > 'a'", "Invalid comparator for attribute: >"],
    [
      REGISTERED_MODELS,
      "name = 1",
      "Expected a quoted string value or a list of quoted string values for attributes. Got value 1",
    ],
    [MODEL_VERSIONS, "version_number > 1.5", "Invalid value for numeric attribute 'version_number': 1.5"],
    [MODEL_VERSIONS, "version_number > 'a'", "Invalid value for numeric attribute 'version_number': 'a'"],
    [MODEL_VERSIONS, "version_number LIKE '1'", "Invalid comparator for attribute version_number: LIKE"],
    [MODEL_VERSIONS, "source_path IN ('a')", `Only ['name', 'run_id'] ${ONLY}`],
    [LOGGED_MODELS, "metrics.a > 'b'", "Invalid value 'b' for metrics.a: expected a number."],
    [
      LOGGED_MODELS,
      "metrics.a LIKE 'b'",
      "Invalid comparison operator for metrics.a: 'LIKE'. Expected one of ('<', '<=', '>', '>=', '=', '!=').",
    ],
    [
      LOGGED_MODELS,
      "metric.a > 1",
      "Invalid entity type: 'metric'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
    ],
  ])("%#", (kind, filter, message) => {
    expect(refusal(() => filterOf(kind, filter))).toBe(message);
  });

  test.each<[Kind, string, string]>([
    [EXPERIMENTS, "tags.a", "Invalid order_by entity: tag"],
    [
      REGISTERED_MODELS,
      "foo",
      "Invalid order by key 'foo' specified. Valid keys are '{'timestamp', 'name'}'".replace(
        "'timestamp', 'name'",
        "'name', 'timestamp'",
      ),
    ],
    [
      MODEL_VERSIONS,
      "run_id",
      "Invalid attribute key 'run_id' specified. Valid keys are '{'name', 'version_number', 'creation_timestamp', 'last_updated_timestamp'}'",
    ],
  ])("%#: ordering by %s is refused", (kind, clause, message) => {
    expect(refusal(() => orderOf(kind, [clause]))).toBe(message);
  });

  test.each<[Kind, string[]]>([
    [REGISTERED_MODELS, ["timestamp", "last_updated_timestamp DESC"]],
    [MODEL_VERSIONS, ["name", "version_number", "name DESC"]],
  ])("%#: a field is named once", (kind, clauses) => {
    expect(refusal(() => orderOf(kind, clauses))).toContain("`order_by` contains duplicate fields: ['");
  });
});
