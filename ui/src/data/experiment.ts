import { getExperiment, setExperimentTag } from "../api/mlflow";
import type { Experiment } from "../api/types";
import type { Direction } from "../lib/compare";
import { guessDirection } from "../lib/direction";
import { type Resource, useResource } from "./resource";

/** Conventions kept as experiment tags, so that any client sees them; docs/page-api.md names them. */
const BASELINE = "tidemark.baseline";
const HEADLINE = "tidemark.headline";
const DIRECTION = "tidemark.direction.";

export interface Conventions {
  /** The run to beat. */
  baseline: string | undefined;
  /** The metric that stands for the experiment, where somebody said which. */
  headline: string | undefined;
  direction: (key: string) => Direction | undefined;
}

export function conventionsOf(experiment: Experiment | undefined): Conventions {
  const tags = new Map((experiment?.tags ?? []).map(({ key, value }) => [key, value]));
  return {
    baseline: tags.get(BASELINE) || undefined,
    headline: tags.get(HEADLINE) || undefined,
    direction: (key) => {
      const said = tags.get(DIRECTION + key);
      return said === "max" || said === "min" ? said : guessDirection(key);
    },
  };
}

export function useExperiment(id: string | undefined): Resource<Experiment> {
  return useResource(`experiment ${id}`, (signal) => getExperiment(id ?? "", signal), { idle: id === undefined });
}

/** Makes a run the one to beat; undefined leaves the experiment without one. */
export function setBaseline(experiment: string, run: string | undefined): Promise<void> {
  return setExperimentTag(experiment, BASELINE, run);
}

export function setHeadline(experiment: string, key: string): Promise<void> {
  return setExperimentTag(experiment, HEADLINE, key);
}

export function setDirection(experiment: string, key: string, direction: Direction): Promise<void> {
  return setExperimentTag(experiment, DIRECTION + key, direction);
}
