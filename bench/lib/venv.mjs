import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./process.mjs";

/** The peers as packages; FastTrackML's server is one static binary in its wheel, so its Python dependencies stay out. */
const PACKAGES = {
  mlflow: { name: "mlflow", version: "3.17.2", flags: [] },
  fasttrackml: { name: "fasttrackml", version: "0.6.0", flags: ["--no-deps"] },
};

async function has(command) {
  try {
    await run(command, ["--version"]);
    return true;
  } catch {
    return false;
  }
}

async function installed(directory, { name, version }) {
  const lib = join(directory, "lib");
  if (!existsSync(lib)) return false;
  const wanted = `${name}-${version}.dist-info`;
  for (const python of await readdir(lib)) {
    const packages = await readdir(join(lib, python, "site-packages")).catch(() => []);
    if (packages.some((entry) => entry.toLowerCase() === wanted)) return true;
  }
  return false;
}

/**
 * Installs a peer into its own environment below `.venvs/` of the repository (with uv where there is one, else venv and pip)
 * unless it is there, and returns the environment's `bin` directory.
 */
export async function environment(root, peer) {
  const wanted = PACKAGES[peer];
  const directory = join(root, ".venvs", `bench-${peer}`);
  const bin = join(directory, "bin");
  if (await installed(directory, wanted)) return bin;
  process.stderr.write(`Installing ${wanted.name} ${wanted.version} into ${directory}\n`);
  await mkdir(join(root, ".venvs"), { recursive: true });
  const requirement = `${wanted.name}==${wanted.version}`;
  if (await has("uv")) {
    await run("uv", ["venv", "--quiet", "--clear", "--python", ">=3.10", directory]);
    await run("uv", ["pip", "install", "--quiet", "--python", join(bin, "python"), ...wanted.flags, requirement]);
  } else {
    await run("python3", ["-m", "venv", "--clear", directory]);
    await run(join(bin, "python"), ["-m", "pip", "install", "--quiet", ...wanted.flags, requirement]);
  }
  return bin;
}
