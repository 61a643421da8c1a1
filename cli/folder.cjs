const { accessSync, constants, existsSync, mkdirSync, statSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { DatabaseSync } = require("node:sqlite");
const { UsageError } = require("./options.cjs");

const LOCK_FILE = "tidemark.lock";

/**
 * A data folder taken for this process alone. The system gives it back when the process ends, however it ends.
 * @typedef {{ release(): void }} FolderLock
 */

/**
 * Creates the data folder where it is missing and takes it.
 * @param {string} folder
 * @returns {FolderLock}
 * @throws {UsageError} when it cannot be written, or another server has it
 */
function takeFolder(folder) {
  try {
    createFolder(folder);
    if (!statSync(folder).isDirectory()) throw new Error("it is a file, not a folder");
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`the data folder ${folder} cannot be used: ${reason(error)}.`);
  }
  return lock(folder);
}

/**
 * One level at a time: Node's recursive mkdir never returns where the system refuses with ENOENT, as under /proc.
 * @param {string} folder
 */
function createFolder(folder) {
  if (existsSync(folder)) return;
  createFolder(dirname(folder));
  mkdirSync(folder);
}

/**
 * SQLite's own file lock: unlike a file with a process id in it, it can't be left behind by a crash.
 * @param {string} folder
 * @returns {FolderLock}
 */
function lock(folder) {
  try {
    const database = new DatabaseSync(join(folder, LOCK_FILE), { timeout: 0 });
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return { release: () => database.close() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/locked|busy/.test(message))
      throw new UsageError(`another Tidemark server is using the data folder ${folder}.`);
    throw new UsageError(`the data folder ${folder} cannot be used: ${message}.`);
  }
}

/** @type {Record<string, string>} */
const REASONS = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "it is on a read-only disk",
  ENOTDIR: "a part of its path is a file, not a folder",
  ENOENT: "its path cannot be created",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "its name is too long",
};

/** @param {unknown} error */
function reason(error) {
  const code = /** @type {NodeJS.ErrnoException} */ (error).code ?? "";
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}

module.exports = { takeFolder };
