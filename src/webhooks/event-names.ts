/** The events there are: MLflow's, and those of runs, which it lacks. Named as in payloads; requests use upper case. */
import { invalid } from "../wire/errors";

/** Actions of each entity. Budgets belong to MLflow's gateway: webhooks may ask for them, nothing sends any here. */
export const ENTITY_ACTIONS = {
  registered_model: ["created"],
  model_version: ["created"],
  model_version_tag: ["deleted", "set"],
  model_version_alias: ["created", "deleted"],
  prompt: ["created"],
  prompt_version: ["created"],
  prompt_tag: ["deleted", "set"],
  prompt_version_tag: ["deleted", "set"],
  prompt_alias: ["created", "deleted"],
  budget_policy: ["exceeded"],
  run: ["failed", "finished", "started"],
} as const satisfies Record<string, readonly string[]>;

type Entity = keyof typeof ENTITY_ACTIONS;

/** `entity.action`, such as `model_version.created`. */
export type EventName = { [E in Entity]: `${E}.${(typeof ENTITY_ACTIONS)[E][number]}` }[Entity];

/** What MLflow has no events of. */
export const OWN_ENTITY = "run" satisfies Entity;

export const isMlflowEvent = (name: EventName): boolean => !name.startsWith(`${OWN_ENTITY}.`);

/** A pair of a request, in any case. Errors: 400 for what there is not. */
export function eventName(entity: string, action: string): EventName {
  const actions = Object.entries(ENTITY_ACTIONS).find(([name]) => name === entity.toLowerCase())?.[1];
  if (!actions) throw invalid(`Unknown webhook entity '${entity}'.`);
  const wanted = action.toLowerCase();
  if (!actions.some((known) => known === wanted)) {
    const list = actions.map((known) => `'${known}'`).join(", ");
    throw invalid(`Invalid action '${wanted}' for entity '${entity.toLowerCase()}'. Valid actions are: [${list}]`);
  }
  return `${entity.toLowerCase()}.${wanted}` as EventName;
}
