/** The slots of a rule's sentence: each a field as wide as what is in it. */
import { useId } from "preact/hooks";
import type { SpanDraft, Unit } from "./draft";

interface SlotProps<T> {
  /** What a screen reader calls it. */
  label: string;
  value: T;
  onChange: (value: T) => void;
  /** The server, or the form, does not take it. */
  wrong?: boolean;
}

interface SelectProps<T extends string> extends SlotProps<T> {
  options: readonly { value: T; label: string }[];
  tone?: string;
}

export function SelectSlot<T extends string>({ label, value, onChange, options, wrong, tone }: SelectProps<T>) {
  return (
    <select
      class={tone ? `slot slot-select slot-${tone}` : "slot slot-select"}
      aria-label={label}
      aria-invalid={wrong}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as T)}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

interface TextProps extends SlotProps<string> {
  /** Values to choose from; others may be written. */
  known?: readonly string[];
  placeholder?: string;
  tone?: "key" | "limit";
  numeric?: boolean;
}

const SHORTEST = 3;

export function TextSlot({ label, value, onChange, known, placeholder, wrong, tone, numeric }: TextProps) {
  const list = useId();
  return (
    <>
      <input
        class={tone ? `slot slot-text slot-${tone}` : "slot slot-text"}
        aria-label={label}
        aria-invalid={wrong}
        placeholder={placeholder}
        inputMode={numeric ? "decimal" : undefined}
        autocomplete="off"
        spellcheck={false}
        // Where a browser can't fit a field to what is in it
        size={Math.max(SHORTEST, (value || placeholder || "").length)}
        list={known ? list : undefined}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      {known && (
        <datalist id={list}>
          {known.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  );
}

const UNITS: Record<Unit, [one: string, many: string]> = {
  points: ["point", "points"],
  s: ["s", "s"],
  min: ["min", "min"],
  h: ["h", "h"],
  d: ["d", "d"],
};

interface SpanProps extends SlotProps<SpanDraft> {
  units: readonly Unit[];
}

/** So many points, or so long. */
export function SpanSlot({ label, value, onChange, units, wrong }: SpanProps) {
  const isOne = value.amount.trim() === "1";
  return (
    <span class="slot-pair">
      <TextSlot
        label={label}
        numeric
        value={value.amount}
        wrong={wrong ?? false}
        onChange={(amount) => onChange({ ...value, amount })}
      />
      <SelectSlot
        label={`${label}: unit`}
        value={value.unit}
        options={units.map((unit) => ({ value: unit, label: UNITS[unit][isOne ? 0 : 1] }))}
        onChange={(unit) => onChange({ ...value, unit })}
      />
    </span>
  );
}
