/**
 * `npm run ui:mlflow [-- --force]`: puts MLflow's own page, as its release on PyPI holds it, among the page's files, where the
 * server finds it under /mlflow/. It is taken from a Python environment of this repository that has that release
 * already, else fetched with pip, and never committed.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MLFLOW_VERSION } from "../src/wire/contract.generated.ts";
import { ROOT } from "./install.cjs";
import { UsageError } from "./options.cjs";

/** Where it lies: the page's build leaves this folder alone. */
export const MLFLOW_PAGE = join(ROOT, "dist", "ui", "mlflow");
const STAMP = join(ROOT, "dist", ".stamps", "mlflow-page");
const ENVIRONMENTS = join(ROOT, ".venvs");
const BUILD_IN_RELEASE = join("mlflow", "server", "js", "build");
const LICENSE_IN_RELEASE = join(`mlflow-${MLFLOW_VERSION}.dist-info`, "licenses", "LICENSE.txt");
/** Any Python can fetch a wheel that is made for all; this tells pip not to mind its own version. */
const PYTHON_OF_WHEEL = "3.12";

/**
 * Makes sure that the page of MLflow {@link MLFLOW_VERSION} is there; `force` puts it there anew.
 * @throws {UsageError} when there is no Python with pip, or the release can't be fetched
 */
export function ensureMlflowPage({ force = false } = {}): void {
  if (!force && existsSync(join(MLFLOW_PAGE, "index.html")) && stampedVersion() === MLFLOW_VERSION) return;
  const installed = installedRelease();
  if (installed) place(installed);
  else placeFetched();
}

function placeFetched(): void {
  const temporary = mkdtempSync(join(tmpdir(), "tidemark-mlflow-"));
  try {
    place(fetchRelease(temporary));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const stampedVersion = (): string | undefined => (existsSync(STAMP) ? readFileSync(STAMP, "utf8") : undefined);

/** The site-packages of the environment that the client tests made for this release. */
function installedRelease(): string | undefined {
  const lib = join(ENVIRONMENTS, MLFLOW_VERSION, "lib");
  if (!existsSync(lib)) return undefined;
  const places = readdirSync(lib).map((python) => join(lib, python, "site-packages"));
  return places.find(
    (place) => existsSync(join(place, LICENSE_IN_RELEASE)) && existsSync(join(place, BUILD_IN_RELEASE, "index.html")),
  );
}

/** Fetches the wheel and unpacks it. Returns the folder that stands for site-packages. */
function fetchRelease(temporary: string): string {
  const python = findPython();
  process.stdout.write(`Fetching MLflow ${MLFLOW_VERSION} with pip …\n`);
  const wheels = join(temporary, "wheels");
  const unpacked = join(temporary, "unpacked");
  run(python, [
    ...["-m", "pip", "download", `mlflow==${MLFLOW_VERSION}`, "--no-deps", "--dest", wheels],
    ...["--only-binary", ":all:", "--python-version", PYTHON_OF_WHEEL, "--quiet", "--disable-pip-version-check"],
  ]);
  const [wheel] = readdirSync(wheels);
  if (!wheel) throw new UsageError("pip left no wheel.");
  run(python, ["-m", "zipfile", "-e", join(wheels, wheel), unpacked]);
  return unpacked;
}

/** MLflow's index stands at the root of a path, all else below static-files beside it, as its own server has them. */
function place(release: string): void {
  const parts = join(ROOT, "dist", `.mlflow-page-${process.pid}`);
  const files = join(parts, "static-files");
  rmSync(parts, { recursive: true, force: true });
  mkdirSync(parts, { recursive: true });
  cpSync(join(release, BUILD_IN_RELEASE), files, { recursive: true });
  cpSync(join(release, LICENSE_IN_RELEASE), join(parts, "LICENSE.txt"));
  renameSync(join(files, "index.html"), join(parts, "index.html"));
  mkdirSync(join(MLFLOW_PAGE, ".."), { recursive: true });
  rmSync(MLFLOW_PAGE, { recursive: true, force: true });
  renameSync(parts, MLFLOW_PAGE);
  mkdirSync(join(STAMP, ".."), { recursive: true });
  writeFileSync(STAMP, MLFLOW_VERSION);
}

/** A Python with pip: PYTHON, else the first on the path. */
function findPython(): string {
  const names = process.env.PYTHON ? [process.env.PYTHON] : ["python3", "python"];
  const found = names.find((name) => spawnSync(name, ["-m", "pip", "--version"]).status === 0);
  if (found) return found;
  throw new UsageError(
    `fetching MLflow's page needs Python with pip (tried ${names.join(", ")}; PYTHON names another).`,
  );
}

function run(command: string, args: string[]): void {
  const done = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (done.status !== 0) throw new UsageError(`${command} ${args.slice(0, 3).join(" ")} failed; see above.`);
}

if (import.meta.main) {
  try {
    ensureMlflowPage({ force: process.argv.includes("--force") });
    process.stdout.write(`The page of MLflow ${MLFLOW_VERSION} is in place: start the server and open /mlflow/.\n`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`tidemark: ${error.message}\n`);
    process.exitCode = 1;
  }
}
