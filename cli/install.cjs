const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { UsageError } = require("./options.cjs");

const ROOT = path.dirname(__dirname);
const NODE = path.join(ROOT, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

/** @typedef {{ version?: string, optional?: boolean, link?: boolean }} LockedPackage */

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function readPackages(file) {
  return JSON.parse(fs.readFileSync(file, "utf8")).packages ?? {};
}

/** Whether node_modules holds what package-lock.json asks for; packages of other platforms may be missing. */
function isInstalled() {
  try {
    const wanted = readPackages(path.join(ROOT, "package-lock.json"));
    const present = readPackages(path.join(ROOT, "node_modules", ".package-lock.json"));
    return (
      fs.existsSync(NODE) &&
      Object.entries(wanted).every(([name, locked]) => {
        if (name === "") return true;
        const found = present[name];
        return found ? found.version === locked.version : locked.optional === true;
      })
    );
  } catch {
    return false;
  }
}

/**
 * Installs the locked dependencies when they are missing or out of date.
 * @returns {string} the Node binary that came with them, which everything else runs on
 * @throws {UsageError}
 */
function ensureInstalled() {
  if (isInstalled()) return NODE;
  process.stdout.write("Installing dependencies (npm ci), once …\n");
  const done = npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (done.status !== 0) throw new UsageError("installing the dependencies failed (npm ci); see above.");
  if (!fs.existsSync(NODE)) {
    throw new UsageError("npm ran no install scripts (ignore-scripts?), which the dependencies need; allow them.");
  }
  return NODE;
}

/**
 * Runs npm in the repository: the very npm that started us, where one did.
 * @param {string[]} args
 */
function npm(args) {
  const cli = process.env.npm_execpath;
  /** @type {import("node:child_process").SpawnSyncOptions} */
  const options = { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] };
  if (cli?.endsWith(".js")) return spawnSync(process.execPath, [cli, ...args], options);
  return spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
}

module.exports = { NODE, ROOT, ensureInstalled, isInstalled };
