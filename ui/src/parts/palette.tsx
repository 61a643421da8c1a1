import { useEffect, useRef, useState } from "preact/hooks";
import { searchRegisteredModels } from "../api/registry";
import { fetchHome } from "../api/tidemark";
import { prefer } from "../data/prefs";
import { useResource } from "../data/resource";
import { experimentPath, modelPath, navigate, runPath } from "../lib/address";
import { plural } from "../lib/format";

interface Entry {
  kind: string;
  label: string;
  note?: string;
  act: () => void;
}

const SHOWN = 12;

/** Jumps to a place by its name, or does what is rarely done. */
export function Palette({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const home = useResource("home", fetchHome);
  const models = useResource("models", (signal) => searchRegisteredModels({}, signal).then(({ items }) => items));
  useEffect(() => dialog.current?.showModal(), []);

  const entries: Entry[] = [
    ...(home.data?.experiments ?? []).map((one) => ({
      kind: "Experiment",
      label: one.name,
      note: plural(one.runs, "run"),
      act: () => navigate(experimentPath(one.experiment_id)),
    })),
    ...(home.data?.live ?? []).map((one) => ({
      kind: "Live run",
      label: one.run_name,
      note: one.experiment_name,
      act: () => navigate(runPath(one.run_id)),
    })),
    ...(models.data ?? []).map((one) => ({ kind: "Model", label: one.name, act: () => navigate(modelPath(one.name)) })),
    { kind: "Place", label: "Experiments", act: () => navigate("/") },
    { kind: "Place", label: "Models", act: () => navigate("/models") },
    { kind: "Place", label: "Monitors", act: () => navigate("/monitors") },
    { kind: "Place", label: "Settings", act: () => navigate("/settings") },
    { kind: "Command", label: "Dark theme", act: () => prefer({ theme: "dark" }) },
    { kind: "Command", label: "Light theme", act: () => prefer({ theme: "light" }) },
    { kind: "Command", label: "Theme of the system", act: () => prefer({ theme: "system" }) },
  ];
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries
    .filter((entry) =>
      words.every((word) => `${entry.kind} ${entry.label} ${entry.note ?? ""}`.toLowerCase().includes(word)),
    )
    .slice(0, SHOWN);
  if (/^[0-9a-f]{32}$/.test(text.trim())) {
    found.unshift({ kind: "Run", label: text.trim(), act: () => navigate(runPath(text.trim())) });
  }
  const chosen = Math.min(at, found.length - 1);
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    dialog.current?.close();
    entry.act();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") choose(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same, by the dialog itself
    <dialog
      ref={dialog}
      class="dialog palette"
      aria-label="Search or jump to"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog-box">
        <input
          class="palette-input"
          type="text"
          role="combobox"
          aria-label="Experiment, run id, model or command"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found[chosen] ? `palette-${chosen}` : undefined}
          placeholder="Experiment, run id, model or command"
          autocomplete="off"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <div id="palette-list" role="listbox" aria-label="Results" class="palette-list">
          {found.map((entry, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
            <div
              key={`${entry.kind} ${entry.label} ${entry.note}`}
              id={`palette-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === chosen}
              class="palette-entry"
              onClick={() => choose(entry)}
              onMouseMove={() => setAt(i)}
            >
              <span class="quiet small palette-kind">{entry.kind}</span>
              <span class="clip">{entry.label}</span>
              {entry.note && <span class="quiet small">{entry.note}</span>}
            </div>
          ))}
        </div>
        {found.length === 0 && <p class="foot">Nothing is called that. A run opens by its whole id.</p>}
      </div>
    </dialog>
  );
}
