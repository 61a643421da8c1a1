/** Text → tokens. Pure: the server and the web page's filter bar share it. Positions are UTF-16 units of the text. */

/** A stretch of a text, `end` excluded. */
export interface Span {
  start: number;
  end: number;
}

/**
 * `name` is an identifier with its dots and quotes (`params."a b"`), `text` a literal in quotes, `operator` a run of
 * comparison signs, `other` anything the grammar has no use for. A lone `"x"` is a `text` that may serve as a name.
 */
export type TokenType = "name" | "text" | "number" | "operator" | "open" | "close" | "comma" | "other";

export interface Token extends Span {
  type: TokenType;
  text: string;
}

const SINGLE = String.raw`'(?:''|\\'|[^'])*'`;
const DOUBLE = String.raw`"(?:""|\\"|[^"])*"`;
const BACK = "`[^`]*`";
const WORD = String.raw`[\p{L}_][\p{L}\p{M}\p{N}_$]*`;
const PART = String.raw`(?:[\p{L}\p{M}\p{N}_$]+|${BACK}|${DOUBLE}|${SINGLE})?`;

/** In order: the first that matches at a place wins. */
const RULES: readonly (readonly [TokenType | "space", RegExp])[] = [
  ["space", rule(String.raw`\s+`)],
  ["other", rule(String.raw`--[^\n]*|/\*[\s\S]*?\*/`)],
  // Arithmetic, which the grammar lacks, as one piece: so is a key that should have been quoted (`tags.a-b`).
  ["other", rule(String.raw`(?:${WORD})(?:\.${PART})*[-+*/%^&|:@#][^\s=<>!~(),;'"]*`)],
  ["name", rule(String.raw`(?:${WORD}|${BACK})(?:\.${PART})*|${DOUBLE}(?:\.${PART})+`)],
  ["text", rule(`${SINGLE}|${DOUBLE}`)],
  ["number", rule(String.raw`-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\p{L}\p{N}_])`)],
  ["operator", rule("[=<>!~]+")],
  ["open", rule(String.raw`\(`)],
  ["close", rule(String.raw`\)`)],
  ["comma", rule(",")],
  ["other", rule(String.raw`[\p{L}\p{N}_]+|[\s\S]`)],
];

function rule(pattern: string): RegExp {
  return new RegExp(pattern, "uy");
}

/** The tokens of a text, white space left out. Any text has tokens; what they mean is for the parser. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < text.length; ) {
    const [type, found] = next(text, start);
    const end = start + found.length;
    if (type !== "space") tokens.push({ type, text: found, start, end });
    start = end;
  }
  return tokens;
}

function next(text: string, start: number): [TokenType | "space", string] {
  for (const [type, pattern] of RULES) {
    pattern.lastIndex = start;
    const found = pattern.exec(text)?.[0];
    if (found) return [type, found];
  }
  return ["other", text.charAt(start)];
}

/** The keyword a token is (`AND`, `IN`, …): a plain word, in any case. Undefined for a token that is no plain word. */
export function keyword(token: Token | undefined): string | undefined {
  if (token?.type !== "name" || /[.`"]/.test(token.text)) return undefined;
  return token.text.toUpperCase();
}

/** A text without the quotes around it, of one of the kinds given; what is doubled or escaped inside stays so, as in MLflow. */
export function unquoted(text: string, quotes: string): string {
  const first = text.charAt(0);
  const quoted = text.length >= 2 && first === text.at(-1) && quotes.includes(first);
  return quoted ? text.slice(1, -1) : text;
}
