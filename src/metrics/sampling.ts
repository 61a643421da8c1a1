/** Which observations MLflow's bulk-interval endpoint returns. Pure. */

/**
 * Ranks (0-based) of a sample of at most `limit` of `count` sorted observations, by MLflow 3.17.2's rule: `limit`
 * buckets whose sizes differ by at most one, larger ones first, the first of each; then the last of all is added, or
 * takes the place of the last kept where the sample is full.
 */
export function sampleRanks(count: number, limit: number): number[] {
  const buckets = Math.min(count, limit);
  const ranks: number[] = [];
  const size = Math.floor(count / buckets);
  const larger = count % buckets;
  let rank = 0;
  for (let i = 0; i < buckets; i++) {
    ranks.push(rank);
    rank += size + (i < larger ? 1 : 0);
  }
  const last = ranks[ranks.length - 1];
  if (last !== undefined && last !== count - 1) {
    if (ranks.length === limit) ranks.pop();
    ranks.push(count - 1);
  }
  return ranks;
}
