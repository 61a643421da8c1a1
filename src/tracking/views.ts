/** Views of a search: active ones, deleted ones, or both. */
import type { LifecycleStage } from "../db/schema/experiments";

export type ViewType = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

const STAGES: Readonly<Record<ViewType, readonly LifecycleStage[]>> = {
  ACTIVE_ONLY: ["active"],
  DELETED_ONLY: ["deleted"],
  ALL: ["active", "deleted"],
};

/** The stages of a view; active ones where none is named. */
export const stagesOf = (view: ViewType = "ACTIVE_ONLY"): readonly LifecycleStage[] => STAGES[view];

/** Stages as a list in SQL: all of them spelt out, so that an index on them serves. */
export const stageList = (stages: readonly LifecycleStage[]): string =>
  `(${stages.map((stage) => `'${stage}'`).join(", ")})`;
