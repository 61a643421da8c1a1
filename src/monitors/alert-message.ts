/** What is told of an alert: the payload of webhooks, and texts for chats. Pure. */
import { pythonTime } from "../webhooks/events";
import type { Evidence } from "./evaluate";
import type { Target } from "./monitor";
import type { Point } from "./window";

/** A target as it is stored: its secret sealed. */
export type SealedTarget = Target;

/** An alert as those hear of it that are told. Times in ms since 1970. */
export interface AlertNews {
  alert_id: string;
  state: "firing" | "resolved";
  /** Why it ended, where it did. */
  resolution?: "recovered" | "ended";
  monitor_id: string;
  name: string;
  sentence: string;
  severity: string;
  experiment_id: string;
  run_id: string;
  run_name: string;
  metric: string;
  opened_time: number;
  at: Point;
  evidence: Evidence;
  link?: string;
}

/** Discord refuses longer ones. */
const MAX_CONTENT = 2000;

/** The body for a format, as JSON text. */
export function messageBody(format: Target["format"], news: AlertNews, now: number): string {
  if (format === "slack") return jsonText({ text: chatText(news, "*", escapeSlack) });
  if (format === "discord") return jsonText({ content: chatText(news, "**", escapeMarkdown).slice(0, MAX_CONTENT) });
  const action = news.state === "firing" ? "fired" : "resolved";
  return jsonText({ entity: "alert", action, timestamp: pythonTime(now), data: news });
}

/** JSON in which doubles that JSON lacks are texts. */
export function jsonText(value: object): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === "number" && !Number.isFinite(field) ? String(field) : field,
  );
}

function chatText(news: AlertNews, bold: string, safe: (text: string) => string): string {
  const { evidence, at } = news;
  const lines = [
    `${bold}${headOf(news)}: ${safe(news.name || news.sentence)}${bold}`,
    ...(news.name ? [safe(news.sentence)] : []),
    `Run ${safe(news.run_name)} (${news.run_id}), step ${at.step}: ${figures(evidence)}`,
    ...(news.link ? [news.link] : []),
  ];
  return lines.join("\n");
}

function headOf({ state, resolution, severity }: AlertNews): string {
  if (state === "firing") return severity === "critical" ? "🔴 Critical" : "🟠 Firing";
  return resolution === "ended" ? "⚪ Ended with its run" : "✅ Resolved";
}

function figures({ value, limit, baseline, statistic, p_value, n, m }: Evidence): string {
  const known = { value, limit, baseline, statistic, p: p_value, n, m };
  return Object.entries(known)
    .flatMap(([name, number]) => (number === undefined ? [] : [`${name} ${Number(number.toPrecision(6))}`]))
    .join(", ");
}

const escapeSlack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const escapeMarkdown = (text: string): string => text.replace(/[\\*_~`|>@]/g, "\\$&");
