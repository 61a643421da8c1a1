import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { descendants, type Launched, launch, run } from "./launcher.ts";

let folder: string;
let launched: Launched[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-cli-"));
  launched = [];
});

afterEach(async () => {
  for (const server of launched) {
    server.process.kill("SIGTERM");
    await server.ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

async function start(...args: string[]): Promise<Launched> {
  const server = await launch("--data", folder, ...args);
  launched.push(server);
  return server;
}

async function createExperiment(url: string, name: string): Promise<string> {
  const response = await fetch(`${url}/api/2.0/mlflow/experiments/create`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });
  const { experiment_id } = (await response.json()) as { experiment_id: string };
  return experiment_id;
}

function find(server: Launched, part: string): number {
  const found = descendants(server.process.pid ?? -1).find(({ command }) => command.includes(part));
  if (!found) throw new Error(`no process of ${part}`);
  return found.pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The runtime ends by itself once its launcher is gone, maybe before its turn to be killed. */
function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone.
  }
}

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100 && !(await condition()); i++) await sleep(100);
  expect(await condition()).toBe(true);
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    (response) => response.ok,
    () => false,
  );
}

describe("a server that starts", () => {
  it("answers on both loopback addresses", async () => {
    const { url } = await start();
    expect(url).toMatch(/^http:\/\/localhost:\d+$/);
    const { port } = new URL(url);
    for (const host of ["127.0.0.1", "localhost"]) expect(await isHealthy(`http://${host}:${port}`)).toBe(true);
  });

  it("refuses names that are not its own", async () => {
    const { url } = await start();
    const { port } = new URL(url);
    const statusAs = (host: string) =>
      new Promise<number | undefined>((done, failed) => {
        const asked = request({ port, host: "127.0.0.1", path: "/api/2.0/tidemark/openapi.json", headers: { host } });
        asked.on("response", (response) => done(response.resume().statusCode)).on("error", failed);
        asked.end();
      });
    expect(await statusAs(`evil.example:${port}`)).toBe(403);
    expect(await statusAs(`127.0.0.1:${port}`)).toBe(200);
    expect(await statusAs("192.168.1.5")).toBe(200);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stops on %s with exit code 0, and leaves its port free", async (signal) => {
    const server = await start();
    server.process.kill(signal);
    expect(await server.ended).toBe(0);
    expect(await isHealthy(server.url)).toBe(false);
  });

  it("stops once on Ctrl-C, which reaches every process of the terminal", async () => {
    const server = await start();
    process.kill(-(server.process.pid ?? 0), "SIGINT");
    expect(await server.ended).toBe(0);
    expect(server.output()).not.toMatch(/unexpected|Error/);
  });

  it("answers the requests under way before it stops", async () => {
    const server = await start();
    const half = Buffer.alloc(1_000_000, "x");
    const upload = request(`${server.url}/api/2.0/mlflow-artifacts/artifacts/in-flight.bin`, {
      method: "PUT",
      headers: { "Content-Length": 2 * half.length },
    });
    const answer = once(upload, "response");
    upload.write(half);
    await sleep(300);
    server.process.kill("SIGTERM");
    await sleep(300);
    upload.end(half);
    const [response] = await answer;
    expect(response.statusCode).toBe(200);
    response.resume();
    expect(await server.ended).toBe(0);
  });

  it("finds everything again after a restart, and after being killed outright", async () => {
    const first = await start();
    const id = await createExperiment(first.url, "kept");
    first.process.kill("SIGINT");
    await first.ended;

    const second = await start();
    const other = await createExperiment(second.url, "kept too");
    const pids = descendants(second.process.pid ?? -1).map(({ pid }) => pid);
    for (const pid of pids) killIfAlive(pid);
    await second.ended;

    const third = await start();
    for (const [experiment, name] of [[id, "kept"] as const, [other, "kept too"] as const]) {
      const response = await fetch(`${third.url}/api/2.0/mlflow/experiments/get?experiment_id=${experiment}`);
      expect(await response.json()).toMatchObject({ experiment: { name } });
    }
  });

  it("applies each migration once, in wrangler's own table", async () => {
    const migrations = readdirSync("drizzle").filter((file) => file.endsWith(".sql"));
    for (let i = 0; i < 2; i++) {
      const server = await start();
      server.process.kill("SIGINT");
      await server.ended;
    }
    const databases = join(folder, "d1", "miniflare-D1DatabaseObject");
    const [file] = readdirSync(databases).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
    const database = new DatabaseSync(join(databases, file ?? ""), { readOnly: true });
    expect(database.prepare("SELECT id, name FROM d1_migrations ORDER BY id").all()).toEqual(
      migrations.sort().map((name, index) => ({ id: index + 1, name })),
    );
    database.close();
  });
});

describe.skipIf(process.platform === "win32")("a server that loses a part", () => {
  it("does not outlive its launcher", async () => {
    const server = await start();
    const pids = descendants(server.process.pid ?? -1).map(({ pid }) => pid);
    process.kill(find(server, "cli/start.cjs"), "SIGKILL");
    await eventually(() => !pids.some(isAlive));
    expect(await isHealthy(server.url)).toBe(false);
    expect(server.output()).not.toMatch(/Error|unexpected/);
  });

  it("stops when npm is killed outright", async () => {
    const server = await start();
    const pids = descendants(server.process.pid ?? -1).map(({ pid }) => pid);
    server.process.kill("SIGKILL");
    await eventually(() => !pids.some(isAlive));
  });

  it("brings its runtime back", async () => {
    const server = await start();
    const id = await createExperiment(server.url, "still here");
    process.kill(find(server, "workerd serve"), "SIGKILL");
    await eventually(() => isHealthy(server.url));
    const response = await fetch(`${server.url}/api/2.0/mlflow/experiments/get?experiment_id=${id}`);
    expect(await response.json()).toMatchObject({ experiment: { name: "still here" } });
  });
});

describe("a start that cannot be", () => {
  /** One sentence, no stack trace. */
  function expectSentence(result: { code: number; stderr: string }, sentence: RegExp): void {
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr.trim().split("\n")).toHaveLength(1);
    expect(result.code).toBe(1);
  }

  it("names a port in use", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as { port: number };
    expectSentence(await run(["--port", String(port), "--data", folder]), /port \d+ on localhost is already in use/);
    blocker.close();
  });

  it("names a folder another server uses", async () => {
    await start();
    expectSentence(await run(["--port", "0", "--data", folder]), /another Tidemark server is using the data folder/);
  });

  it("names a folder that cannot be used", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expectSentence(await run(["--data", file]), /data folder .*file cannot be used: it is a file, not a folder/);
    expectSentence(await run(["--data", join(file, "below")]), /a part of its path is a file/);
    expectSentence(await run(["--data", "/proc/tidemark"]), /data folder \/proc\/tidemark cannot be used/);
  });

  it("names a folder written by a newer version", async () => {
    const server = await start();
    server.process.kill("SIGINT");
    await server.ended;
    const databases = join(folder, "d1", "miniflare-D1DatabaseObject");
    const [file] = readdirSync(databases).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
    const database = new DatabaseSync(join(databases, file ?? ""));
    database.exec("INSERT INTO d1_migrations (name) VALUES ('9999_future.sql')");
    database.close();
    expectSentence(
      await run(["--port", "0", "--data", folder]),
      /written by a newer Tidemark \(it has 9999_future.sql\)/,
    );
  });

  it.each([
    [["--port", "abc"], /port must be a number from 0 to 65535, not "abc"/],
    [["--port", "65536"], /port must be a number/],
    [["--port"], /'--port <value>' argument missing/],
    [["--host", "two words"], /host must be a name or an address/],
    [["--host", "192.0.2.1"], /not an address of this machine/],
    [["--data", ""], /data folder must not be empty/],
    [["--prot", "1"], /Unknown option '--prot'/],
    [["5000"], /Unexpected argument '5000'/],
  ])("names the mistake in %j", async (args, sentence) => {
    expectSentence(await run(["--data", folder, ...args]), sentence);
  });

  it("reads the environment, which the command line wins over", async () => {
    expectSentence(await run(["--data", folder], { TIDEMARK_PORT: "env" }), /not "env"/);
    expectSentence(await run(["--data", folder, "--port", "arg"], { TIDEMARK_PORT: "1" }), /not "arg"/);
  });

  it("asks for a newer Node in syntax that an old one reads", async () => {
    const launcher = readFileSync("cli/start.cjs", "utf8");
    const asOld = launcher.replaceAll("process.versions.node", '"14.0.0"');
    const script = join(folder, "start.cjs");
    writeFileSync(script, asOld);
    const old = await new Promise<{ code: number; stderr: string }>((done) => {
      try {
        execFileSync(process.execPath, [script], { stdio: "pipe", encoding: "utf8" });
        done({ code: 0, stderr: "" });
      } catch (error) {
        const { status, stderr } = error as { status: number; stderr: string };
        done({ code: status, stderr });
      }
    });
    expectSentence(old, /Node 20 or newer is needed; this is Node 14\.0\.0/);
    expect(launcher).not.toMatch(/=>|\b(let|const|class|async)\b|`[^`]*\$\{/);
  });
});

it("explains itself", async () => {
  const { code, stdout } = await run(["--help"]);
  expect(code).toBe(0);
  for (const option of ["--host", "--port", "--data"]) expect(stdout).toContain(option);
});
