/** The key that this server signs addresses of artifacts with: made at the first use, kept in D1. */
import { eq } from "drizzle-orm";
import type { Database } from "../db/client";
import { signingKeys } from "../db/schema";
import { importKey, newKey } from "./grants";

const PURPOSE = "artifacts";

/** By database, so that a Worker reads it once. */
const known = new WeakMap<D1Database, Promise<CryptoKey>>();

export function signingKey(db: Database): Promise<CryptoKey> {
  let key = known.get(db.$client);
  if (!key) {
    key = loadKey(db);
    known.set(db.$client, key);
    key.catch(() => known.delete(db.$client));
  }
  return key;
}

async function loadKey(db: Database): Promise<CryptoKey> {
  return importKey((await readKey(db)) ?? (await makeKey(db)));
}

async function readKey(db: Database): Promise<string | undefined> {
  const [row] = await db.select({ key: signingKeys.key }).from(signingKeys).where(eq(signingKeys.purpose, PURPOSE));
  return row?.key;
}

/** Of several Workers that find none at the same time, the first to write it decides. */
async function makeKey(db: Database): Promise<string> {
  const own = newKey();
  await db.insert(signingKeys).values({ purpose: PURPOSE, key: own, creationTime: Date.now() }).onConflictDoNothing();
  return (await readKey(db)) ?? own;
}
