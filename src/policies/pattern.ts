/** Patterns of policies against names. Pure, and without dependencies: the page tries them, too. */

/** Whether a text is a regular expression. */
export function isPattern(text: string): boolean {
  try {
    wholeName(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether the whole name matches. Errors: SyntaxError where the pattern is none. */
export const fits = (pattern: string, name: string): boolean => wholeName(pattern).test(name);

const wholeName = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`, "u");

/** Whether a name is among those that a pattern with `*` for anything stands for. */
export function isAmong(experiments: string, name: string): boolean {
  const parts = experiments.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "su").test(name);
}
