import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";

/** Orders, dedupes and buffers the metrics of one run. */
export class RunLog extends DurableObject<Env> {}
