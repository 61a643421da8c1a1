const path = require("node:path");
const { parseArgs } = require("node:util");

/** A mistake of whoever started the command: shown as one sentence, without a stack trace. */
class UsageError extends Error {}

const HELP = `Usage: npm start -- [options]

Serves Tidemark on this machine.

  --host HOST   address to listen on        (TIDEMARK_HOST, default localhost)
  --port PORT   port, 0 for any free one    (TIDEMARK_PORT, default 5000)
  --data DIR    folder that keeps the data  (TIDEMARK_DATA, default ./tidemark-data)
  --help        shows this

An option wins over its environment variable. Ctrl-C stops the server; the next start on the same folder
finds everything again.

It answers under localhost and private addresses alone; TIDEMARK_ALLOWED_HOSTS names others: private,box.lan, or *.

Runs, experiments and models deleted for 30 days are removed for good. TIDEMARK_GC_AFTER changes that: 12h, 90d, never.
`;

/**
 * Reads the command line and the environment.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {string} cwd folder that a relative data folder is meant from
 * @returns {{ help: true } | { help: false, host: string, port: number, data: string }}
 * @throws {UsageError}
 */
function parseOptions(args, env, cwd) {
  const values = readArguments(args);
  if (values.help) return { help: true };
  const host = values.host ?? env.TIDEMARK_HOST ?? "localhost";
  const port = values.port ?? env.TIDEMARK_PORT ?? "5000";
  const data = values.data ?? env.TIDEMARK_DATA ?? "tidemark-data";
  if (!/^[A-Za-z0-9.:_-]+$/.test(host)) throw new UsageError(`the host must be a name or an address, not "${host}".`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new UsageError(`the port must be a number from 0 to 65535, not "${port}".`);
  }
  if (data === "") throw new UsageError("the data folder must not be empty.");
  return { help: false, host, port: Number(port), data: path.resolve(cwd, data) };
}

/** @param {string[]} args */
function readArguments(args) {
  try {
    return parseArgs({
      args,
      options: {
        host: { type: "string" },
        port: { type: "string" },
        data: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    const [sentence] = String(error instanceof Error ? error.message : error).split(". ");
    throw new UsageError(`${sentence?.replace(/\.$/, "")}; see npm start -- --help.`);
  }
}

module.exports = { HELP, UsageError, parseOptions };
