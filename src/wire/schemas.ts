/** Schemas that several of Tidemark's own calls share. */
import * as v from "valibot";

/** A text that says something, e.g. an id. */
export const text = v.pipe(v.string(), v.minLength(1));

export const RUN_PARAMS = v.object({ run_id: text });
export const EXPERIMENT_PARAMS = v.object({ experiment_id: text });

/** A double as answers carry it: what JSON lacks is a text. */
export const double = v.union([v.number(), v.picklist(["NaN", "Infinity", "-Infinity"])]);

/** An integer between bounds, both allowed. */
export const integer = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

/** A list of texts with a bounded number of entries. */
export const texts = (min: number, max: number) => v.pipe(v.array(text), v.minLength(min), v.maxLength(max));
