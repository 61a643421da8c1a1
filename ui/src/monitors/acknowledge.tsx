import { useState } from "preact/hooks";
import type { Alert } from "../api/monitor-types";
import { acknowledgeAlert } from "../api/monitors";
import { alertsChanged } from "../data/alerts";
import { createStore } from "../data/store";
import { useAction } from "../data/use-action";
import { FieldError } from "../parts/field-error";
import { focusOnce } from "../parts/inline-form";

/** Whoever acknowledged last on this page; asked once, not each time. */
const lastBy = createStore("");

/** Who has seen an alert, and what they know of it. */
export function AcknowledgeForm({ alert, onDone }: { alert: Alert; onDone: () => void }) {
  const [by, setBy] = useState(alert.acknowledged_by ?? lastBy.get());
  const [note, setNote] = useState(alert.note ?? "");
  const { busy, error, run } = useAction();
  const send = async (event: Event) => {
    event.preventDefault();
    const isDone = await run(() => acknowledgeAlert(alert.alert_id, { by: by.trim(), note: note.trim() }));
    if (!isDone) return;
    lastBy.set(by.trim());
    alertsChanged();
    onDone();
  };
  return (
    <form
      class="acknowledge"
      aria-label={`Acknowledge ${alert.name || alert.sentence}`}
      onSubmit={send}
      onKeyDown={(event) => event.key === "Escape" && onDone()}
    >
      <label class="field-stack">
        <span class="label">Who</span>
        <input
          class="input"
          autocomplete="name"
          placeholder="Your name"
          maxLength={200}
          ref={focusOnce}
          value={by}
          onInput={(event) => setBy(event.currentTarget.value)}
        />
      </label>
      <label class="field-stack">
        <span class="label">Note</span>
        <input
          class="input"
          placeholder="What is known"
          maxLength={5000}
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
        />
      </label>
      <div class="tools">
        <button type="submit" class="button button-main" disabled={busy}>
          Acknowledge
        </button>
        <button type="button" class="button quiet-button" onClick={onDone}>
          Cancel
        </button>
      </div>
      <FieldError text={error} />
    </form>
  );
}
