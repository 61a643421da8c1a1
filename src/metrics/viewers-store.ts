/** Who may be watched live: runs and experiments marked so in D1. */

export interface Watched {
  kind: "run" | "experiment";
  id: string;
}

/** All of them. Looks at every run: for once in a server's life. */
export async function watchedOnes(d1: D1Database): Promise<Watched[]> {
  const { results } = await d1
    .prepare(
      `SELECT 'run' AS kind, run_id AS id FROM runs WHERE watched = 1
       UNION ALL SELECT 'experiment', experiment_id FROM experiments WHERE watched = 1`,
    )
    .all<Watched>();
  return results;
}
