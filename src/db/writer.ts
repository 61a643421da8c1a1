/**
 * Group commit in front of D1, which takes one transaction at a time and waits for the disk in each: small transactions
 * that arrive together share one. docs/decisions/0005-group-commit-for-d1.md has the measurements.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";

/** SQL with its parameters, as Drizzle's `toSQL()` gives it. */
export interface Statement {
  sql: string;
  params: unknown[];
}

/** A row by its columns' names. */
export type Row = Record<string, unknown>;

/** Statements of one shared transaction at most, but for a caller that has more by itself. */
const MAX_STATEMENTS = 100;
/** Characters of parameters in one shared transaction at most: one call to D1 carries them all. */
const MAX_CHARACTERS = 1_000_000;

interface Waiting {
  statements: Statement[];
  characters: number;
  resolve: (rows: Row[][]) => void;
  reject: (error: unknown) => void;
}

/** Transactions of this isolate on their way. */
let underWay = 0;

/**
 * Runs statements as one transaction and gives the rows of each. Alone, it goes straight to D1; where others are on
 * their way, all share transactions through the Writer. Errors: D1's.
 */
export async function transact(env: Env, statements: Statement[]): Promise<Row[][]> {
  underWay++;
  try {
    if (underWay === 1) return await batch(env.DB, statements);
    return await env.WRITERS.get(env.WRITERS.idFromName("writer")).transact(statements);
  } finally {
    underWay--;
  }
}

export class Writer extends DurableObject<Env> {
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** One caller's transaction, in whole or not at all. Errors: D1's. */
  transact(statements: Statement[]): Promise<Row[][]> {
    const characters = statements.reduce((n, { params }) => n + params.reduce<number>((m, p) => m + size(p), 0), 0);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statements, characters, resolve, reject });
      if (!this.#isBusy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, groupSize(this.#waiting)));
    this.#isBusy = false;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const rows = await batch(
        this.env.DB,
        group.flatMap((w) => w.statements),
      );
      let at = 0;
      for (const { statements, resolve } of group) {
        resolve(rows.slice(at, at + statements.length));
        at += statements.length;
      }
    } catch (error) {
      const [only] = group;
      if (group.length === 1) only?.reject(error);
      // A row that D1 refused: nothing of the group is stored, and only the one it belongs to should hear of it.
      else if (/constraint failed/.test(String(error))) for (const one of group) await this.#commit([one]);
      // Anything else may have been committed or not: trying again could do it twice.
      else for (const { reject } of group) reject(error);
    }
  }
}

/** How many of those waiting share the next transaction: at least one. */
function groupSize(waiting: readonly Waiting[]): number {
  let statements = 0;
  let characters = 0;
  const end = waiting.findIndex((w) => {
    statements += w.statements.length;
    characters += w.characters;
    return statements > MAX_STATEMENTS || characters > MAX_CHARACTERS;
  });
  return end < 0 ? waiting.length : Math.max(1, end);
}

const size = (parameter: unknown): number => (typeof parameter === "string" ? parameter.length : 8);

async function batch(d1: D1Database, statements: readonly Statement[]): Promise<Row[][]> {
  const results = await d1.batch<Row>(statements.map(({ sql, params }) => d1.prepare(sql).bind(...params)));
  return results.map((result) => result.results);
}
