import type { TargetFormat } from "../api/monitor-types";
import { Icon } from "../parts/icon";
import type { TargetDraft } from "./draft";

const MOST = 10;
const FORMATS: { value: TargetFormat; label: string }[] = [
  { value: "slack", label: "Slack" },
  { value: "discord", label: "Discord" },
  { value: "json", label: "JSON" },
];

interface Props {
  targets: readonly TargetDraft[];
  onChange: (targets: TargetDraft[]) => void;
}

/** Whom to tell: an address each, in the form it understands. */
export function FormTargets({ targets, onChange }: Props) {
  const set = (at: number, change: Partial<TargetDraft>) =>
    onChange(targets.map((target, i) => (i === at ? { ...target, ...change } : target)));
  const add = () => onChange([...targets, { format: "slack", url: "", secret: "", signed: false }]);
  return (
    <div class="form-targets">
      {targets.map((target, i) => (
        <div class="form-target" key={i}>
          <select
            class="input select"
            aria-label={`Format of target ${i + 1}`}
            value={target.format}
            onChange={(event) => set(i, { format: event.currentTarget.value as TargetFormat })}
          >
            {FORMATS.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          <input
            class="input"
            type="url"
            required
            aria-label={`Address of target ${i + 1}`}
            placeholder="https://"
            value={target.url}
            onInput={(event) => set(i, { url: event.currentTarget.value })}
          />
          {target.format === "json" && (
            <input
              class="input input-short"
              type="password"
              autocomplete="off"
              aria-label={`Secret of target ${i + 1}, to sign with`}
              placeholder={target.signed ? "Secret kept" : "Secret, to sign with"}
              value={target.secret}
              onInput={(event) => set(i, { secret: event.currentTarget.value })}
            />
          )}
          <button
            type="button"
            class="icon-button"
            aria-label={`Remove target ${i + 1}`}
            onClick={() => onChange(targets.filter((_, at) => at !== i))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {targets.length < MOST && (
        <button type="button" class="button" onClick={add}>
          {targets.length === 0 ? "Add a webhook" : "Add another"}
        </button>
      )}
      {targets.length === 0 && <p class="quiet small">Nobody is told; alerts are listed under Monitors.</p>}
    </div>
  );
}
