import { useState } from "preact/hooks";
import { type ModelVersion, type RegisteredModel, setAlias } from "../api/registry";
import { guessDirection } from "../lib/direction";
import { Delta } from "../parts/delta";
import { Value } from "../parts/number";
import { Age } from "../parts/status";
import type { VersionFigures } from "./model-versions";

interface PromoteProps {
  name: string;
  candidate: ModelVersion;
  champion: ModelVersion | undefined;
  alias: string;
  figures: VersionFigures;
  onChange: () => void;
}

/** Puts a version in the place of the one in use, its differences in view. */
export function Promote({ name, candidate, champion, alias, figures, onChange }: PromoteProps) {
  const [error, setError] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const promote = async () => {
    setBusy(true);
    try {
      await setAlias(name, alias, candidate.version);
      onChange();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    }
    setBusy(false);
  };
  return (
    <section class="panel pairs">
      <h2>Promote v{candidate.version}</h2>
      <dl>
        {figures.metrics.map((metric) => {
          const value = figures.value(candidate, metric);
          return (
            <div class="pair" key={metric}>
              <dt class="key">{metric}</dt>
              <dd>
                {value !== undefined && <Value value={value} />}{" "}
                <Delta value={value} baseline={figures.value(champion, metric)} direction={guessDirection(metric)} />
              </dd>
            </div>
          );
        })}
      </dl>
      <button type="button" class="button button-main" disabled={busy} onClick={() => void promote()}>
        Move @{alias} to v{candidate.version}
      </button>
      {error && (
        <p class="field-error" role="alert">
          The alias did not move. {error}
        </p>
      )}
    </section>
  );
}

const SHOWN = 8;

/** What happened to the model, as far as its versions tell. */
export function Activity({ model, versions }: { model: RegisteredModel; versions: readonly ModelVersion[] }) {
  const events = [
    ...versions.map(({ version, creation_timestamp: at = 0 }) => ({ at, text: `v${version} registered` })),
    { at: model.creation_timestamp ?? 0, text: "Model created" },
  ]
    .filter(({ at }) => at > 0)
    .sort((a, b) => b.at - a.at);
  return (
    <section class="panel pairs">
      <h2>Activity</h2>
      <ul class="lines">
        {events.slice(0, SHOWN).map(({ at, text }) => (
          <li key={text}>
            <span class="quiet num">
              <Age at={at} ago />
            </span>{" "}
            · {text}
          </li>
        ))}
      </ul>
    </section>
  );
}
