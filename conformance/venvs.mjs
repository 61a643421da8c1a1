/** Python environments for the conformance suite, one a client version, made once and kept. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const OLDEST_PYTHON = [3, 10];
const PYTHON_NAMES = ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"];

function isUsable(python) {
  const code = "import sys; print(*sys.version_info[:2])";
  const found = spawnSync(python, ["-c", code], { encoding: "utf8" });
  if (found.status !== 0) return false;
  const [major, minor] = found.stdout.trim().split(" ").map(Number);
  return major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1];
}

/** The first Python on PATH that is new enough; PYTHON overrides. Throws when there is none. */
function findPython() {
  const names = process.env.PYTHON ? [process.env.PYTHON] : PYTHON_NAMES;
  const python = names.find(isUsable);
  if (python) return python;
  throw new Error(`The conformance suite needs Python ${OLDEST_PYTHON.join(".")} or later (tried ${names.join(", ")})`);
}

/** Waits for a command; on failure its output is part of the error. */
function run(command, args) {
  try {
    execFileSync(command, args, { stdio: "pipe", encoding: "utf8", maxBuffer: 1 << 26 });
  } catch (cause) {
    throw new Error(`${command} ${args.join(" ")} failed:\n${cause.stdout ?? ""}${cause.stderr ?? cause.message}`);
  }
}

/** `uv` from PATH, or installed by pip into an environment of its own: it makes the others in seconds. */
function findUv(root, python) {
  if (spawnSync("uv", ["--version"]).status === 0) return "uv";
  const home = join(root, "uv");
  const uv = join(home, "bin", "uv");
  if (!existsSync(uv)) {
    rmSync(home, { recursive: true, force: true });
    run(python, ["-m", "venv", home]);
    run(join(home, "bin", "python"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]);
  }
  return uv;
}

/**
 * Makes sure that `<root>/<version>` holds what the requirements file asks for.
 * Returns the folder with its executables. Throws with pip's output when it can't be made.
 */
export function ensureVenv(root, version, requirementsFile) {
  const home = join(root, version);
  const bin = join(home, "bin");
  const stampFile = join(home, "requirements.sha256");
  const stamp = createHash("sha256").update(readFileSync(requirementsFile)).digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp && isUsable(join(bin, "python"))) return bin;

  console.log(`Making a Python environment for MLflow ${version} …`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const python = findPython();
  const uv = findUv(root, python);
  run(uv, ["venv", "--quiet", "--python", python, home]);
  run(uv, ["pip", "install", "--quiet", "--python", join(bin, "python"), "-r", requirementsFile]);
  writeFileSync(stampFile, stamp);
  return bin;
}
