/** Which way of a metric is better, guessed from its name. Pure: the page uses it, too. */

export type Direction = "max" | "min";

/** Words of a key, and what they say. The last part of a path says more than those before it. */
const WORDS: Readonly<Record<Direction, ReadonlySet<string>>> = {
  max: new Set(
    (
      "acc accuracy auc auroc aucroc prauc ap map f1 fbeta precision recall ndcg mrr hit hits r2 score reward return " +
      "bleu rouge meteor bertscore psnr ssim iou miou dice mos agreement kappa mcc throughput tokens samples steps fps " +
      "sharpe win specificity sensitivity"
    ).split(" "),
  ),
  min: new Set(
    (
      "loss losses error err mse rmse mae mape smape msle nll ce bce entropy perplexity ppl wer cer ter fid kid lpips kl divergence " +
      "latency duration seconds ms time cost brier ece regret eer memory"
    ).split(" "),
  ),
};

/** Undefined where the name says nothing. `val/auc` is max, `train_loss` min; of several words the last counts. */
export function directionOf(key: string): Direction | undefined {
  const words = key
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
  for (const word of words.reverse()) {
    if (WORDS.min.has(word)) return "min";
    if (WORDS.max.has(word)) return "max";
  }
  return undefined;
}

/** Tags of an experiment by which its people say what is guessed otherwise. */
export const BASELINE_TAG = "tidemark.baseline";
export const HEADLINE_TAG = "tidemark.headline";
export const DIRECTION_TAG_PREFIX = "tidemark.direction.";

/** A metric's direction: what a tag of its experiment says, else the guess. */
export function directionIn(tags: ReadonlyMap<string, string>, key: string): Direction | undefined {
  const said = tags.get(DIRECTION_TAG_PREFIX + key);
  return said === "max" || said === "min" ? said : directionOf(key);
}

/** How likely a metric stands for its experiment: validation before training, quality before loss, the machine's last. */
export function headlineRank(key: string): number {
  if (key.startsWith("system/")) return -10;
  const held = /(^|[^a-z])(val|valid|validation|eval|test|dev)([^a-z]|$)/i.test(key) ? 4 : 0;
  const direction = directionOf(key);
  return held + (direction === "max" ? 2 : direction === "min" ? 1 : 0);
}
