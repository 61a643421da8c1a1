/** MonitorClock: the one Durable Object that notices what no point tells of: silence, and the end of a run. */
import { Rounds } from "../rounds";
import { endAlerts } from "./ended";
import { findSilence } from "./silence";

export class MonitorClock extends Rounds {
  protected override readonly period = 30_000;

  protected override async round(): Promise<boolean> {
    const isSilenceSought = await findSilence(this.env, this.ctx, Date.now());
    const isAnyFiring = await endAlerts(this.env, this.ctx);
    return isSilenceSought || isAnyFiring;
  }
}
