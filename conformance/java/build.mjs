/** Builds the program that tests MLflow's Java client, once; Maven fetches the client. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const HERE = import.meta.dirname;
const SOURCES = ["pom.xml", "JavaClientTest.java"];
const TOOLS = [
  ["java", "-version"],
  ["javac", "-version"],
  ["mvn", "-v"],
];

/**
 * The class path of the built program, or `!` and the reason why there is none: the test that needs it fails with
 * that, and the others run.
 * @param {string} folder where the build is kept
 */
export function javaClasspath(folder) {
  const missing = TOOLS.filter(([tool, version]) => spawnSync(tool, [version]).status !== 0).map(([tool]) => tool);
  if (missing.length > 0) {
    return `!Not found: ${missing.join(", ")}. On Debian: apt-get install default-jdk-headless maven`;
  }
  const stampFile = join(folder, "sources.sha256");
  const pathFile = join(folder, "classpath.txt");
  const stamp = SOURCES.reduce(
    (hash, file) => hash.update(readFileSync(join(HERE, file))),
    createHash("sha256"),
  ).digest("hex");
  if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) {
    console.log("Building the test of MLflow's Java client …");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    try {
      build(folder, pathFile);
    } catch (cause) {
      return `!Maven failed:\n${cause.stdout ?? ""}${cause.stderr ?? cause.message}`;
    }
    writeFileSync(stampFile, stamp);
  }
  return [join(folder, "classes"), readFileSync(pathFile, "utf8").trim()].join(delimiter);
}

function build(folder, pathFile) {
  const goals = ["compile", "dependency:build-classpath", `-Dmdep.outputFile=${pathFile}`];
  execFileSync("mvn", ["-q", "-B", "-f", join(HERE, "pom.xml"), `-Dbuild.folder=${folder}`, ...goals], {
    stdio: "pipe",
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
}
