/** A number with about three significant digits, as people read it. */
export function short(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** "median (min..max)" of a summary. */
export function spread(summary) {
  if (summary === undefined || summary.values.length === 0) return "–";
  return summary.values.length === 1
    ? short(summary.median)
    : `${short(summary.median)} (${short(summary.min)}..${short(summary.max)})`;
}

/** Rows of cells as a Markdown table with padded columns, readable as plain text too. */
export function markdown(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
