import { closeSync, fsyncSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { median } from "./stats.mjs";

const FILE_SYSTEMS = {
  61267: "ext4",
  16914836: "tmpfs",
  1481003842: "xfs",
  2435016766: "btrfs",
  2035054128: "overlay",
};
const FSYNCS = 50;

function release() {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? os.type();
  } catch {
    return os.type();
  }
}

/** Milliseconds that writing 4 KB and waiting for the disk takes in `folder` (median): what a durable write can't go below. */
function fsyncMs(folder) {
  const file = join(folder, "fsync-probe");
  const descriptor = openSync(file, "w");
  const block = Buffer.alloc(4096, 1);
  const times = [];
  for (let i = 0; i < FSYNCS; i++) {
    const started = performance.now();
    writeSync(descriptor, block);
    fsyncSync(descriptor);
    times.push(performance.now() - started);
  }
  closeSync(descriptor);
  rmSync(file);
  return median(times);
}

/** What the figures were taken on, for the head of a report. `folder` is where the servers keep their data. */
export function machine(folder) {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model ?? "unknown",
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${release()}, ${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    fileSystem: FILE_SYSTEMS[statfsSync(folder).type] ?? "other",
    fsyncMs: Number(fsyncMs(folder).toFixed(2)),
    load: os.loadavg()[0],
  };
}

/** The machine on one line. */
export function machineLine(m) {
  return `${m.cores} cores (${m.cpu}), ${m.memoryGiB} GiB, ${m.system}, Node ${m.node}, ${m.fileSystem}, fsync ${m.fsyncMs} ms, load ${m.load.toFixed(2)} before`;
}
