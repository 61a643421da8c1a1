/** What a webhook is to a caller, and what is checked of one. */
import type { webhooks } from "../db/schema";
import type { Messages } from "../wire/contract.generated";
import { missingParameter } from "../wire/decode";
import { invalid, MlflowError } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { type EventName, eventName } from "./event-names";

export type WebhookRow = typeof webhooks.$inferSelect;

/** With the events it listens to, in order of their names. */
export interface Webhook {
  row: WebhookRow;
  events: EventName[];
}

type WireEvent = Messages["mlflow.WebhookEvent"];

/** As it goes out: never with its secret. */
export function wireWebhook({ row, events }: Webhook): Messages["mlflow.Webhook"] {
  return {
    webhook_id: row.webhookId,
    name: row.name,
    description: row.description || undefined,
    url: row.url,
    events: events.map(wireEvent),
    status: row.status,
    creation_timestamp: row.creationTime,
    last_updated_timestamp: row.lastUpdateTime,
  };
}

function wireEvent(name: EventName): WireEvent {
  const [entity, action] = name.toUpperCase().split(".");
  return { entity, action } as WireEvent;
}

/** Errors: 400 for a name of other than 1 to 63 letters, digits, dots, underscores and hyphens, the ends alphanumeric. */
export function checkName(name: string): void {
  if (/^(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(name)) return;
  throw invalid(
    `Webhook name ${pythonRepr(name)} is invalid. It must start and end with a letter or digit, be less than 63 ` +
      "characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).",
  );
}

/** The names of a request's events. Errors: 400 for a pair there is not, or one that is there twice. */
export function checkEvents(events: readonly WireEvent[]): EventName[] {
  const names = events.map((event, i) => checkEvent(event, `events[${i}]`));
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated) throw new MlflowError("BAD_REQUEST", `The event '${repeated}' is in the list more than once.`);
  return names;
}

/** The name of one event of a request; `path` names it in messages. Errors: 400. */
export function checkEvent({ entity, action }: WireEvent, path: string): EventName {
  if (!entity) throw missingParameter(`${path}.entity`);
  if (!action) throw missingParameter(`${path}.action`);
  return eventName(entity, action);
}
