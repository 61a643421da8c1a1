import { lazy } from "../parts/lazy";

/** What monitors say comes so many milliseconds after whatever is beside it. */
const watchAfter = (ms: number) =>
  lazy(async () => {
    await new Promise((done) => setTimeout(done, ms));
    return (await import("./watch")).Watch;
  });

export const RunWatch = watchAfter(300);
export const ExperimentWatch = watchAfter(1500);
