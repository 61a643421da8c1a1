/** What the registry tells webhooks: MLflow's events and payloads, prompts apart from models. */
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { rows } from "../db/transact";
import type { EventName } from "../webhooks/event-names";
import { type ChangeEvent, dataText, eventInsert, type Waiting } from "../webhooks/events";
import type { KeyValue } from "./logged-model";
import { IS_PROMPT_TAG, isPrompt, PROMPT_TEXT_TAG, PROMPT_TYPE_TAG } from "./registry";
import { idOf, isPromptModel, modelExists, versionExists } from "./registry-sql";

/** Statements that tell of events in the transaction they come from; what they answer goes to `pokeOutbox`. */
export const told = (db: Database, events: readonly ChangeEvent[], now: number) =>
  events.map((event) => rows<Waiting>(eventInsert(db, event, now)));

/** Tags as payloads carry them; of a prompt without those that only say that it is one. */
function tagsObject(tags: readonly KeyValue[], omitted: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(tags.filter(({ key }) => !omitted.includes(key)).map(({ key, value }) => [key, value]));
}

export function modelCreated(name: string, description: string, tags: readonly KeyValue[]): ChangeEvent {
  return isPrompt(tags)
    ? { event: "prompt.created", data: { name, tags: tagsObject(tags, [IS_PROMPT_TAG, PROMPT_TYPE_TAG]), description } }
    : { event: "registered_model.created", data: { name, tags: tagsObject(tags), description } };
}

export interface CreatedVersion {
  name: string;
  source: string;
  runId: string;
  description: string;
  tags: readonly KeyValue[];
}

/** A version that was just created: its number is the model's last. */
export function versionCreated({ name, source, runId, description, tags }: CreatedVersion): ChangeEvent {
  const number = sql`(SELECT CAST(last_version AS TEXT) FROM registered_models WHERE model_id = ${idOf(name)})`;
  const prompt = {
    template: tags.findLast(({ key }) => key === PROMPT_TEXT_TAG)?.value ?? null,
    tags: tagsObject(tags, [PROMPT_TEXT_TAG, IS_PROMPT_TAG, PROMPT_TYPE_TAG]),
  };
  const model = { source, run_id: runId || null, tags: tagsObject(tags) };
  const rest = dataText({ ...(isPrompt(tags) ? prompt : model), description: description || null });
  return {
    event: isPrompt(tags) ? "prompt_version.created" : "model_version.created",
    data: sql`${`{"name":${JSON.stringify(name)},"version":"`} || ${number} || ${`",${rest.slice(1)}`}`,
    when: modelExists(name),
  };
}

/** The same change of a prompt and of a model, told apart by what the model is after the change. */
function eitherKind(name: string, when: SQL, data: object, prompt: EventName, model?: EventName): ChangeEvent[] {
  const isPrompt = isPromptModel(idOf(name));
  const events: ChangeEvent[] = [{ event: prompt, data, when: sql`${when} AND ${isPrompt}` }];
  if (model) events.push({ event: model, data, when: sql`${when} AND NOT ${isPrompt}` });
  return events;
}

/** Only prompts tell of their own tags. */
export const modelTagSet = (name: string, { key, value }: KeyValue): ChangeEvent[] =>
  eitherKind(name, modelExists(name), { name, key, value }, "prompt_tag.set");

export const modelTagDeleted = (name: string, key: string): ChangeEvent[] =>
  eitherKind(name, modelExists(name), { name, key }, "prompt_tag.deleted");

export function versionTagSet(name: string, version: number, { key, value }: KeyValue): ChangeEvent[] {
  const data = { name, version: String(version), key, value };
  return eitherKind(name, versionExists(name, version), data, "prompt_version_tag.set", "model_version_tag.set");
}

export function versionTagDeleted(name: string, version: number, key: string): ChangeEvent[] {
  const data = { name, version: String(version), key };
  const exists = versionExists(name, version);
  return eitherKind(name, exists, data, "prompt_version_tag.deleted", "model_version_tag.deleted");
}

export function aliasCreated(name: string, alias: string, version: number): ChangeEvent[] {
  const data = { name, alias, version: String(version) };
  return eitherKind(name, versionExists(name, version), data, "prompt_alias.created", "model_version_alias.created");
}

export const aliasDeleted = (name: string, alias: string): ChangeEvent[] =>
  eitherKind(name, modelExists(name), { name, alias }, "prompt_alias.deleted", "model_version_alias.deleted");
