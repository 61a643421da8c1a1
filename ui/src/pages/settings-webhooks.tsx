import { useState } from "preact/hooks";
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  testWebhook,
  type Webhook,
  type WebhookEvent,
} from "../api/webhooks";
import { useResource } from "../data/resource";
import { FieldError } from "../parts/field-error";
import { ErrorNote, PendingRows } from "../parts/states";

const EVENTS: { label: string; event: WebhookEvent }[] = [
  { label: "Model registered", event: { entity: "REGISTERED_MODEL", action: "CREATED" } },
  { label: "Version registered", event: { entity: "MODEL_VERSION", action: "CREATED" } },
  { label: "Alias set", event: { entity: "MODEL_VERSION_ALIAS", action: "CREATED" } },
  { label: "Alias taken away", event: { entity: "MODEL_VERSION_ALIAS", action: "DELETED" } },
  { label: "Run finished", event: { entity: "RUN", action: "FINISHED" } },
  { label: "Run failed", event: { entity: "RUN", action: "FAILED" } },
];

/** Addresses that are told when a model changes or a run ends. */
export function Webhooks() {
  const { data, error, reload } = useResource("webhooks", listWebhooks);
  const [adding, setAdding] = useState(false);
  return (
    <section class="panel pairs settings">
      <h2>Webhooks</h2>
      {error && <ErrorNote stale={data !== undefined} what="The webhooks" error={error} retry={reload} />}
      {!data && !error && <PendingRows rows={1} label="Loading webhooks" />}
      {data?.length === 0 && !adding && (
        <p class="quiet">None. A webhook tells another service when a model changes or a run ends.</p>
      )}
      {data?.map((webhook) => (
        <Line key={webhook.webhook_id} webhook={webhook} onChange={reload} />
      ))}
      {adding ? (
        <Form
          onDone={(saved) => {
            setAdding(false);
            if (saved) reload();
          }}
        />
      ) : (
        data && (
          <button type="button" class="button" onClick={() => setAdding(true)}>
            Add webhook
          </button>
        )
      )}
    </section>
  );
}

function Line({ webhook, onChange }: { webhook: Webhook; onChange: () => void }) {
  const [said, setSaid] = useState<string | undefined>(undefined);
  const test = async () => {
    setSaid("Sending");
    try {
      const { success, response_status: status, error_message: message } = await testWebhook(webhook.webhook_id);
      setSaid(success ? `Answered ${status}` : `Failed: ${message ?? status ?? "no answer"}`);
    } catch (thrown) {
      setSaid(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  const remove = () => deleteWebhook(webhook.webhook_id).then(onChange, (thrown: Error) => setSaid(thrown.message));
  return (
    <div class="setting webhook">
      <span class="clip" title={webhook.url}>
        <b>{webhook.name}</b> <span class="quiet">{webhook.url}</span>
      </span>
      <span class="tools">
        <span class="quiet small" role="status">
          {said}
        </span>
        <button type="button" class="button" onClick={() => void test()}>
          Test
        </button>
        <button type="button" class="button" onClick={() => void remove()}>
          Remove
        </button>
      </span>
    </div>
  );
}

function Form({ onDone }: { onDone: (saved: boolean) => void }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set([1]));
  const [error, setError] = useState<string | undefined>(undefined);
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      const events = EVENTS.filter((_, i) => chosen.has(i)).map((one) => one.event);
      await createWebhook({ name: name.trim(), url: url.trim(), events, secret: secret || undefined });
      onDone(true);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  return (
    <form class="stacked-form" onSubmit={save}>
      <label class="field">
        <span class="label">Name</span>
        <input class="input" required value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span class="label">Address</span>
        <input
          class="input"
          type="url"
          required
          placeholder="https://"
          value={url}
          onInput={(event) => setUrl(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span class="label">Secret, to sign with</span>
        <input
          class="input"
          type="password"
          autocomplete="off"
          value={secret}
          onInput={(event) => setSecret(event.currentTarget.value)}
        />
      </label>
      <fieldset class="choices">
        <legend class="label">When</legend>
        {EVENTS.map(({ label }, i) => (
          <label class="check" key={label}>
            <input
              type="checkbox"
              checked={chosen.has(i)}
              onChange={() => {
                const next = new Set(chosen);
                if (!next.delete(i)) next.add(i);
                setChosen(next);
              }}
            />
            {label}
          </label>
        ))}
      </fieldset>
      <FieldError text={error} />
      <div class="tools">
        <button type="submit" class="button button-main">
          Save
        </button>
        <button type="button" class="button quiet-button" onClick={() => onDone(false)}>
          Cancel
        </button>
      </div>
    </form>
  );
}
