import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * What axe finds wrong with a page, a line each; empty when nothing is. The page's policy forbids foreign scripts, so
 * axe comes in by way of the debugger.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function findings(page) {
  await page.evaluate(SOURCE);
  return page.evaluate(async () => {
    // @ts-expect-error axe put itself there
    const { violations } = await window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.flatMap(
      (/** @type {{ id: string, nodes: { html: string, failureSummary: string }[] }} */ found) =>
        found.nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${found.id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  });
}
