import { useState } from "preact/hooks";
import { setRunTag } from "../api/mlflow";
import type { KeyValue } from "../api/types";
import { focusOnce, InlineForm } from "./inline-form";

interface Props {
  run: string;
  tags: readonly KeyValue[];
  onChange: () => void;
}

/** A run's tags, and a place to write another. */
export function TagChips({ run, tags, onChange }: Props) {
  const [adding, setAdding] = useState(false);
  return (
    <div class="chips">
      {tags.map(({ key, value }) => (
        <span class="chip" key={key} title={`${key} = ${value}`}>
          {key} = {value}
        </span>
      ))}
      {adding ? (
        <TagForm
          run={run}
          onDone={(saved) => {
            setAdding(false);
            if (saved) onChange();
          }}
        />
      ) : (
        <button type="button" class="chip chip-add" onClick={() => setAdding(true)}>
          Add tag
        </button>
      )}
    </div>
  );
}

interface FormProps {
  run: string;
  /** The tag to change; its name stays. */
  tag?: KeyValue;
  onDone: (saved: boolean) => void;
}

/** Name and value in a line; what the server says against them stands below. */
export function TagForm({ run, tag, onDone }: FormProps) {
  const [key, setKey] = useState(tag?.key ?? "");
  const [value, setValue] = useState(tag?.value ?? "");
  const save = async () => {
    await setRunTag(run, key.trim(), value);
    onDone(true);
  };
  return (
    <InlineForm class="tag-form" onSave={save} onCancel={() => onDone(false)}>
      {(isRefused) => (
        <>
          {!tag && (
            <input
              class="input"
              aria-label="Tag name"
              placeholder="name"
              required
              ref={focusOnce}
              value={key}
              onInput={(event) => setKey(event.currentTarget.value)}
            />
          )}
          <input
            class="input"
            aria-label={tag ? `Value of ${tag.key}` : "Tag value"}
            placeholder="value"
            aria-invalid={isRefused}
            ref={tag ? focusOnce : undefined}
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        </>
      )}
    </InlineForm>
  );
}
