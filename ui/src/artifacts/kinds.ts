/** What kind of file something is, and how to read it. Plain functions. */
export type Kind = "image" | "table" | "json" | "text";

const IMAGES = /\.(png|jpe?g|gif|webp|svg|avif|bmp|ico)$/i;
const TABLES = /\.(csv|tsv)$/i;
const JSONS = /\.(json|ipynb|geojson)$/i;

export function kindOf(path: string): Kind {
  if (IMAGES.test(path)) return "image";
  if (TABLES.test(path)) return "table";
  return JSONS.test(path) ? "json" : "text";
}

/** Bytes that no text has tell a text from the rest. */
export function isText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 4096);
  if (head.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head.subarray(0, Math.max(0, head.length - 3)));
    return true;
  } catch {
    return false;
  }
}

/** Set out on lines; undefined for what is no JSON. */
export function asJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}

export interface Table {
  head: string[];
  rows: string[][];
}

/** CSV, TSV and the tables MLflow logs as JSON ("columns" and "data"); undefined for what is none. */
export function asTable(text: string, kind: Kind, whole: boolean): Table | undefined {
  if (kind === "json") return jsonTable(text);
  const rows = readSeparated(text, text.slice(0, text.indexOf("\n")).includes("\t") ? "\t" : ",");
  // The last line of a file's first part is cut somewhere.
  if (!whole) rows.pop();
  const [head, ...rest] = rows;
  return head && { head, rows: rest };
}

function jsonTable(text: string): Table | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("columns" in value) || !("data" in value)) return undefined;
    const { columns, data } = value;
    if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return undefined;
    return { head: columns.map(String), rows: data.map((row: unknown[]) => row.map(shown)) };
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** RFC 4180: fields in quotes may hold separators, line ends and doubled quotes. */
export function readSeparated(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let inQuotes = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inQuotes) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') {
        field += '"';
        i += 1;
      } else inQuotes = false;
    } else if (character === '"' && field === "") inQuotes = true;
    else if (character === separator) {
      row.push(field);
      field = "";
    } else if (character === "\n") {
      row.push(field.replace(/\r$/, ""));
      rows.push(row);
      row = [];
      field = "";
    } else field += character;
  }
  if (field !== "" || row.length > 0) rows.push([...row, field]);
  return rows;
}
