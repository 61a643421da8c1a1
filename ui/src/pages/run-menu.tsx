import { useState } from "preact/hooks";
import { deleteRun, renameRun } from "../api/mlflow";
import type { Run } from "../api/types";
import { experimentPath, navigate } from "../lib/address";
import { runName } from "../lib/runs";
import { FieldError } from "../parts/field-error";
import { Menu, MenuItem } from "../parts/menu";

interface Props {
  run: Run;
  reload: () => void;
}

/** What is done to a run now and then; what the server says against it stands beside it. */
export function RunMenu({ run, reload }: Props) {
  return (
    <Menu label="More about this run" icon="more">
      {(close) => <Items run={run} reload={reload} close={close} />}
    </Menu>
  );
}

function Items({ run, reload, close }: Props & { close: () => void }) {
  const { run_id: id, experiment_id: experiment, lifecycle_stage: stage } = run.info;
  const [renaming, setRenaming] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  const attempt = async (action: () => Promise<void>) => {
    setError(undefined);
    try {
      await action();
      close();
      reload();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  return (
    <>
      {renaming ? (
        <Rename name={runName(run.info)} error={error} onSave={(name) => void attempt(() => renameRun(id, name))} />
      ) : (
        <>
          <MenuItem onClick={() => setRenaming(true)}>Rename</MenuItem>
          <MenuItem onClick={() => void navigator.clipboard?.writeText(id).then(close)}>Copy run id</MenuItem>
          {stage !== "deleted" && <MenuItem onClick={() => void attempt(() => deleteRun(id))}>Delete</MenuItem>}
          <MenuItem onClick={() => navigate(experimentPath(experiment))}>Open experiment</MenuItem>
        </>
      )}
      {error && !renaming && (
        <p class="field-error menu-none" role="alert">
          {error}
        </p>
      )}
    </>
  );
}

function Rename({ name, error, onSave }: { name: string; error: string | undefined; onSave: (name: string) => void }) {
  const [text, setText] = useState(name);
  return (
    <form
      class="menu-form menu-rename"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(text.trim());
      }}
    >
      <input
        class="input"
        aria-label="Name of the run"
        aria-invalid={error !== undefined}
        required
        ref={(element) => {
          if (element && document.activeElement !== element) element.focus();
        }}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Save
      </button>
      <FieldError text={error} />
    </form>
  );
}
