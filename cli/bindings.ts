import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { unstable_readConfig as readConfig, unstable_splitSqlQuery as splitSqlQuery } from "wrangler";

/** What the Worker is given, as wrangler.toml says it: one place for the cloud and for one's own machine. */
export interface Bindings {
  /** Entry module, relative to the repository. */
  main: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  vars: Record<string, unknown>;
  databases: { binding: string; migrations: Migration[] }[];
  buckets: string[];
  objects: { binding: string; className: string }[];
  assets: { binding: string; directory: string } | null;
}

/** One migration, as `wrangler d1 migrations apply` would run it. */
export interface Migration {
  /** Its file's name. */
  name: string;
  statements: string[];
}

/** The part of wrangler's own, fully resolved configuration that is read here. */
interface WranglerConfig {
  main?: string;
  compatibility_date?: string;
  compatibility_flags: string[];
  vars: Record<string, unknown>;
  d1_databases: { binding: string; migrations_dir?: string }[];
  r2_buckets: { binding: string }[];
  durable_objects: { bindings: { name: string; class_name: string }[] };
  assets?: { binding?: string; directory?: string };
}

/**
 * Reads them and the databases' migrations; paths become relative to the folder of the file. Wrangler takes 200 MB or
 * more: for a build, not for a server.
 */
export function readBindings(file: string): Bindings {
  const config: WranglerConfig = readConfig({ config: file });
  const here = (path: string) => relative(dirname(file), resolve(dirname(file), path));
  return {
    main: here(config.main ?? "src/index.ts"),
    compatibilityDate: config.compatibility_date ?? "",
    compatibilityFlags: config.compatibility_flags,
    vars: config.vars,
    databases: config.d1_databases.map((database) => ({
      binding: database.binding,
      migrations: readMigrations(resolve(dirname(file), database.migrations_dir ?? "migrations")),
    })),
    buckets: config.r2_buckets.map((bucket) => bucket.binding),
    objects: config.durable_objects.bindings.map((object) => ({ binding: object.name, className: object.class_name })),
    assets:
      config.assets?.binding && config.assets.directory
        ? { binding: config.assets.binding, directory: here(config.assets.directory) }
        : null,
  };
}

/** In the order they apply. */
function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({ name, statements: splitSqlQuery(readFileSync(join(folder, name), "utf8")) }));
}
