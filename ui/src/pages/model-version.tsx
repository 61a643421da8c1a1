import { useState } from "preact/hooks";
import { withQuery } from "../api/client";
import { deleteAlias, type ModelVersion, type RegisteredModel, setAlias, setStage } from "../api/registry";
import { ArtifactPreview } from "../artifacts/preview";
import { formatTime, formatUtc } from "../lib/format";
import { Code } from "../parts/code";
import { CopyButton } from "../parts/copy";
import { FieldError } from "../parts/field-error";
import { Icon } from "../parts/icon";
import { Pairs } from "../parts/pairs";

const STAGES = ["None", "Staging", "Production", "Archived"];

interface Props {
  model: RegisteredModel;
  /** Undefined where the model has no such version. */
  version: ModelVersion | undefined;
  asked: string;
  onChange: () => void;
}

/** One version: its aliases and stage to change, its origin, its MLmodel. */
export function ModelVersionPanel({ model, version, asked, onChange }: Props) {
  const [error, setError] = useState<string | undefined>(undefined);
  if (!version) return <p class="foot-note">There is no version {asked}.</p>;
  const { name } = model;
  const attempt = async (work: Promise<void>) => {
    try {
      await work;
      setError(undefined);
      onChange();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  const lines = `model = mlflow.pyfunc.load_model("models:/${name}/${version.version}")`;
  const facts = [
    { key: "Source", value: version.source && <code>{version.source}</code> },
    { key: "Status", value: version.status },
    {
      key: "Registered",
      value: version.creation_timestamp && (
        <span title={formatUtc(version.creation_timestamp)}>{formatTime(version.creation_timestamp)}</span>
      ),
    },
    { key: "Description", value: version.description },
    ...(version.tags ?? []).map(({ key, value }) => ({ key, value })),
  ];
  return (
    <>
      <section class="panel" aria-label={`Version ${version.version}`}>
        <div class="panel-head">
          <h2>v{version.version}</h2>
          <div class="tools">
            <label class="field">
              <span class="label">Stage</span>
              <select
                class="input select"
                value={version.current_stage ?? "None"}
                onChange={(event) => void attempt(setStage(name, version.version, event.currentTarget.value))}
              >
                {STAGES.map((stage) => (
                  <option key={stage}>{stage}</option>
                ))}
              </select>
            </label>
          </div>
        </div>
        <div class="pairs">
          <div class="chips">
            {(version.aliases ?? []).map((alias) => (
              <span class="chip" key={alias}>
                @{alias}
                <button
                  type="button"
                  class="chip-button"
                  aria-label={`Take away @${alias}`}
                  onClick={() => void attempt(deleteAlias(name, alias))}
                >
                  <Icon name="close" size={10} />
                </button>
              </span>
            ))}
            <AliasForm onSave={(alias) => attempt(setAlias(name, alias, version.version))} />
          </div>
          <FieldError text={error} />
        </div>
        <Pairs
          facts
          title="About"
          pairs={facts.filter(({ value }) => value).map(({ key, value }) => ({ key, value }))}
        />
        <div class="snippet">
          <Code text={lines} label="Line to paste" />
          <CopyButton text={lines} />
        </div>
      </section>
      <ArtifactPreview
        address={withQuery("/model-versions/get-artifact", { name, version: version.version, path: "MLmodel" })}
        path="MLmodel"
      />
    </>
  );
}

function AliasForm({ onSave }: { onSave: (alias: string) => Promise<void> }) {
  const [alias, setText] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    await onSave(alias.trim().replace(/^@/, ""));
    setText("");
  };
  return (
    <form class="inline-form" onSubmit={save}>
      <input
        class="input input-short"
        aria-label="New alias"
        placeholder="alias"
        required
        value={alias}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Set alias
      </button>
    </form>
  );
}
