import type { ComponentChildren } from "preact";
import { useAction } from "../data/use-action";
import { FieldError } from "./field-error";

interface Props {
  class?: string;
  /** Of the button that sends it. */
  label?: string;
  /** Sends it; what it throws is shown below. */
  onSave: () => Promise<unknown>;
  onCancel: () => void;
  /** Gets whether the server refused what stands there. */
  children: (isRefused: boolean) => ComponentChildren;
}

/** Fields in a line, in place of what they change; Escape leaves them. */
export function InlineForm({ class: name = "inline-form", label = "Save", onSave, onCancel, children }: Props) {
  const { busy, error, run } = useAction();
  return (
    <form
      class={name}
      onSubmit={(event) => {
        event.preventDefault();
        void run(onSave);
      }}
      onKeyDown={(event) => event.key === "Escape" && onCancel()}
    >
      {children(error !== undefined)}
      <button type="submit" class="button" disabled={busy}>
        {label}
      </button>
      <button type="button" class="button quiet-button" onClick={onCancel}>
        Cancel
      </button>
      <FieldError text={error} />
    </form>
  );
}

const focused = new WeakSet<HTMLElement>();

/** As `ref` of a field: the caret goes there when the field first appears. */
export function focusOnce(element: HTMLInputElement | null): void {
  if (!element || focused.has(element)) return;
  focused.add(element);
  element.focus();
}
