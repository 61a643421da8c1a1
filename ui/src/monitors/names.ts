import { useEffect } from "preact/hooks";
import { getExperiment, getRun } from "../api/mlflow";
import { streamTable } from "../api/tidemark";
import { createStore, useStore } from "../data/store";
import { runName } from "../lib/runs";
import type { Names } from "./words";

/** Names of experiments and runs by id; null for what is being asked or has none. Kept as long as the page is open. */
const experiments = new Map<string, string | null>();
const runs = new Map<string, string | null>();
/** Counts answers, so that whoever shows a name hears of it, whoever asked. */
const answers = createStore(0);
/** Experiments that one call takes. */
const MAX_EXPERIMENTS = 100;

interface Wanted {
  experiments: readonly string[];
  /** Runs whose experiment is known are asked for together. */
  runs: readonly { run: string; experiment?: string | undefined }[];
}

/** The names of what alerts and monitors speak of, asked for once each. */
export function useNames(wanted: Wanted): Names {
  useStore(answers);
  const key = JSON.stringify(wanted);
  useEffect(() => {
    const calls = ask(wanted);
    if (calls.length > 0) void Promise.all(calls).then(() => answers.set(answers.get() + 1));
  }, [key]);
  return { experiment: (id) => experiments.get(id) ?? undefined, run: (id) => runs.get(id) ?? undefined };
}

function ask(wanted: Wanted): Promise<void>[] {
  const calls: Promise<void>[] = [];
  for (const id of new Set(wanted.experiments)) {
    if (experiments.has(id)) continue;
    calls.push(keep(experiments, id, async () => (await getExperiment(id)).name));
  }
  const together: { run: string; experiment: string }[] = [];
  for (const { run, experiment } of wanted.runs) {
    if (runs.has(run)) continue;
    if (experiment === undefined) calls.push(keep(runs, run, async () => runName((await getRun(run)).info)));
    else {
      runs.set(run, null);
      together.push({ run, experiment });
    }
  }
  if (together.length > 0) calls.push(askTogether(together));
  return calls;
}

async function keep(names: Map<string, string | null>, id: string, load: () => Promise<string>): Promise<void> {
  names.set(id, null);
  try {
    names.set(id, await load());
  } catch {
    // Deleted for good, or away: its id stands for it, until the page is opened anew.
  }
}

async function askTogether(wanted: readonly { run: string; experiment: string }[]): Promise<void> {
  const ids = [...new Set(wanted.map(({ experiment }) => experiment))].slice(0, MAX_EXPERIMENTS);
  const list = wanted.map(({ run }) => `'${run}'`).join(", ");
  try {
    const filter = `attributes.run_id IN (${list})`;
    for await (const part of streamTable({ experiment_ids: ids, filter }, new AbortController().signal)) {
      if (!("page" in part)) continue;
      for (const [i, id] of part.page.run_id.entries()) runs.set(id, part.page.run_name[i] ?? null);
    }
  } catch {
    // As above.
  }
}
