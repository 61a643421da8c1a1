/** The parts that filters and orders are made of, sound and spoilt. */
import { text } from "./values.mjs";

const COMPARE = ["=", "!=", "<", "<=", ">", ">="];
const TEXT_OPERATORS = ["=", "!=", "LIKE", "ILIKE", "like", "ilike", "Like"];
const LITERALS = ["0", "1", "-1", "0.5", "3", "1e3", ".5", "-2.5", "42", "1.0", "1000000", "+1"];
const PATTERNS = ["a%", "%", "_", "a_b", "%B%", "A%", "", "%way words%", "1%", "%\\%%", "[a-z]"];
const JUNK = [
  "AND",
  "=",
  "'",
  '"',
  "`",
  ";",
  ",",
  "--",
  "foo",
  "1",
  "'x'",
  "LIKE",
  "IN",
  "metrics.",
  ".",
  "params.a.b",
  "==",
  "<>",
  "BETWEEN",
  "/* x */",
  "NULL",
  "IS",
  "*",
];
const MALFORMED = 0.18;
const EXTENDED = 0.05;

/** A key as it may be written after the dot: bare, quoted because it must be, or quoted because it may be. */
export function written(random, name) {
  const bare = /^[A-Za-z][\w.]*$/.test(name);
  if (bare && random.chance(0.7)) return name;
  return random.weighted([
    [5, `\`${name}\``],
    [3, `"${name}"`],
    [1, name],
    [0.3, `'${name}'`],
  ]);
}

function quoted(random, value) {
  if (value.includes("'") && !value.includes('"')) return `"${value}"`;
  return value.includes('"') || random.chance(0.75) ? `'${value}'` : `"${value}"`;
}

const pattern = (random) => (random.chance(0.5) ? random.pick(PATTERNS) : text(random));

export function textTest(random, left, value = text(random)) {
  const operator = random.pick(TEXT_OPERATORS);
  return `${left} ${operator} ${quoted(random, /like/i.test(operator) && random.chance(0.7) ? pattern(random) : value)}`;
}

const list = (random, values) => `(${values.map((value) => quoted(random, value)).join(random.pick([", ", ","]))})`;
export const listTest = (random, left, values) =>
  `${left} ${random.pick(["IN", "NOT IN", "in", "not in"])} ${list(random, values)}`;
export const nullTest = (random, left) =>
  `${left} ${random.pick(["IS NULL", "IS NOT NULL", "is null", "is not null"])}`;
export const numberTest = (random, left, literals = LITERALS) =>
  `${left}${random.pick([" ", ""])}${random.pick(COMPARE)}${random.pick([" ", ""])}${random.pick(literals)}`;

/** A filter of clauses, spoilt now and then. */
export function filter(random, clause, most = 3) {
  if (random.chance(0.12)) return { text: random.pick([undefined, ""]) };
  const clauses = Array.from({ length: random.int(1, most) }, clause);
  const sound = clauses.join(random.pick([" AND ", " AND ", " and ", "  AND\n"]));
  if (random.chance(EXTENDED)) return { text: extended(random, clauses, clause()), intent: "OR, NOT or parentheses" };
  return { text: random.chance(MALFORMED) ? malformed(random, sound) : sound };
}

function extended(random, clauses, other) {
  const all = clauses.join(" AND ");
  return random.pick([
    `${all} OR ${other}`,
    `NOT ${all}`,
    `(${all})`,
    `${all} AND (${other} OR ${clauses[0]})`,
    `${other} or ${all}`,
  ]);
}

/** Quotes, but for those of ids: what an id without quotes reads as hangs on its random digits. */
const UNQUOTED = /(?<!<\w+ \d+>)['"](?!<\w+ \d+>)/g;

/** One thing wrong: a word gone, twice, replaced or added, or the end cut off. */
function malformed(random, sound) {
  const words = sound.split(" ");
  const at = random.int(0, words.length - 1);
  return random.pick([
    () => words.toSpliced(at, 1).join(" "),
    () => words.toSpliced(at, 0, words[at]).join(" "),
    () => words.toSpliced(at, 1, random.pick(JUNK)).join(" "),
    () => words.toSpliced(at, 0, random.pick(JUNK)).join(" "),
    () => sound.slice(0, random.int(1, sound.length)),
    () => `${sound} ${random.pick(JUNK)}`,
    () => sound.replace(UNQUOTED, ""),
  ])();
}

/** Clauses of an order, with directions good and bad. */
export function order(random, one, most) {
  if (random.chance(0.35)) return undefined;
  return Array.from(
    { length: random.int(1, most) },
    () =>
      one() +
      random.weighted([
        [4, ""],
        [3, " ASC"],
        [4, " DESC"],
        [1, " desc"],
        [1, " asc"],
        [0.3, " DES"],
        [0.2, " ASC DESC"],
      ]),
  );
}
