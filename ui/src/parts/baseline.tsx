import { useState } from "preact/hooks";
import { setBaseline } from "../data/experiment";
import { createStore, useStore } from "../data/store";
import { hashHref, runPath } from "../lib/address";

/** The run to beat, as every page names it: dashed, as charts draw it. */
export function BaselineChip({ run, name }: { run: string; name: string }) {
  return (
    <a
      class="baseline-chip"
      href={hashHref(runPath(run))}
      title="The baseline: every table and chart shows the difference from it"
    >
      <span class="swatch swatch-base" aria-hidden="true" />
      <span class="unseen">Baseline </span>
      <span class="clip">{name}</span>
    </a>
  );
}

interface Changed {
  experiment: string;
  text: string;
  /** The baseline before. */
  before: string | undefined;
}

const changed = createStore<Changed | undefined>(undefined);
const failed = createStore<string | undefined>(undefined);

/** Makes `run` the baseline, says so, and offers to undo. */
export async function changeBaseline(
  experiment: string,
  run: { id: string; name: string } | undefined,
  before: { id: string; name: string } | undefined,
  done: () => void,
): Promise<void> {
  try {
    await setBaseline(experiment, run?.id);
    failed.set(undefined);
    const was = before && before.id !== run?.id ? ` It was ${before.name}.` : "";
    changed.set({
      experiment,
      text: run ? `${run.name} is the baseline.${was}` : `No baseline.${was}`,
      before: before?.id,
    });
  } catch (thrown) {
    failed.set(thrown instanceof Error ? thrown.message : String(thrown));
  }
  done();
}

/** Says what the last change of the baseline did, until it is put away. */
export function BaselineNote({ experiment, onChange }: { experiment: string; onChange: () => void }) {
  const note = useStore(changed);
  const problem = useStore(failed);
  const [busy, setBusy] = useState(false);
  if (problem) {
    return (
      <p class="note" role="alert">
        The baseline did not change. {problem}
        <button type="button" class="link-button" onClick={() => failed.set(undefined)}>
          Dismiss
        </button>
      </p>
    );
  }
  if (note?.experiment !== experiment) return null;
  const undo = async () => {
    setBusy(true);
    await setBaseline(experiment, note.before).catch(() => undefined);
    setBusy(false);
    changed.set(undefined);
    onChange();
  };
  return (
    <p class="note" role="status">
      {note.text}
      <button type="button" class="link-button" disabled={busy} onClick={undo}>
        Undo
      </button>
      <button type="button" class="link-button" onClick={() => changed.set(undefined)}>
        Dismiss
      </button>
    </p>
  );
}
