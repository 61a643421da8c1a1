import { dirname, relative, resolve } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";

/** What the Worker is given, as wrangler.toml says it: one place for the cloud and for one's own machine. */
export interface Bindings {
  /** Entry module, relative to the repository. */
  main: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  vars: Record<string, unknown>;
  databases: { binding: string; migrationsDir: string }[];
  buckets: string[];
  objects: { binding: string; className: string }[];
  assets: { binding: string; directory: string } | null;
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

/** Reads them; paths become relative to the folder of the file. */
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
      migrationsDir: here(database.migrations_dir ?? "migrations"),
    })),
    buckets: config.r2_buckets.map((bucket) => bucket.binding),
    objects: config.durable_objects.bindings.map((object) => ({ binding: object.name, className: object.class_name })),
    assets:
      config.assets?.binding && config.assets.directory
        ? { binding: config.assets.binding, directory: here(config.assets.directory) }
        : null,
  };
}
