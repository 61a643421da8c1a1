/** Monitors, their alerts, and policies, one function a call. All of them throw {@link ApiError}. */
import { getOwn, sendOwn } from "./client";
import type {
  Alert,
  AlertList,
  AlertQuery,
  Monitor,
  MonitorInput,
  Policy,
  PolicyInput,
  PolicyViolation,
  Preview,
  PreviewRequest,
} from "./monitor-types";

/** By name: those of an experiment and its runs; of a run, its experiment and its aliases; or all. */
export async function listMonitors(
  query: { experiment_id?: string; run_id?: string; metric?: string } = {},
  signal?: AbortSignal,
): Promise<Monitor[]> {
  return (await getOwn<{ monitors: Monitor[] }>("monitors", query, signal)).monitors;
}

export function getMonitor(id: string, signal?: AbortSignal): Promise<Monitor> {
  return getOwn(monitorPath(id), {}, signal);
}

export async function createMonitor(monitor: MonitorInput): Promise<Monitor> {
  return (await sendOwn("monitors", monitor)).json() as Promise<Monitor>;
}

/** Changes what is given. Another rule, scope or severity ends the alerts that fire. */
export async function updateMonitor(id: string, change: Partial<MonitorInput>): Promise<Monitor> {
  return (await sendOwn(monitorPath(id), change, undefined, "PATCH")).json() as Promise<Monitor>;
}

export async function deleteMonitor(id: string): Promise<void> {
  await sendOwn(monitorPath(id), {}, undefined, "DELETE");
}

/** What a rule would have told over stored history. A silence has none: 400. */
export async function previewMonitor(request: PreviewRequest, signal?: AbortSignal): Promise<Preview> {
  return (await sendOwn("monitors/preview", request, signal)).json() as Promise<Preview>;
}

export function listAlerts({ unacknowledged, ...query }: AlertQuery = {}, signal?: AbortSignal): Promise<AlertList> {
  return getOwn("alerts", { ...query, unacknowledged: unacknowledged ? "true" : undefined }, signal);
}

export function getAlert(id: string, signal?: AbortSignal): Promise<Alert> {
  return getOwn(alertPath(id), {}, signal);
}

/** Somebody has seen it; again changes who and what. */
export async function acknowledgeAlert(id: string, said: { by?: string; note?: string }): Promise<Alert> {
  return (await sendOwn(`${alertPath(id)}/acknowledge`, said)).json() as Promise<Alert>;
}

/** Ends an alert by hand; a further breach fires anew. */
export async function resolveAlert(id: string): Promise<Alert> {
  return (await sendOwn(`${alertPath(id)}/resolve`, {})).json() as Promise<Alert>;
}

export async function listPolicies(signal?: AbortSignal): Promise<Policy[]> {
  return (await getOwn<{ policies: Policy[] }>("policies", {}, signal)).policies;
}

/** @param token of the administrator, where the server has one: 401 without it */
export async function createPolicy(policy: PolicyInput, token?: string): Promise<Policy> {
  return (await sendOwn("policies", policy, undefined, "POST", bearer(token))).json() as Promise<Policy>;
}

/** Changes what is given; rules are replaced whole. */
export async function updatePolicy(id: string, change: Partial<PolicyInput>, token?: string): Promise<Policy> {
  return (await sendOwn(policyPath(id), change, undefined, "PATCH", bearer(token))).json() as Promise<Policy>;
}

export async function deletePolicy(id: string, token?: string): Promise<void> {
  await sendOwn(policyPath(id), {}, undefined, "DELETE", bearer(token));
}

/** What policies of mode warn have tagged, the newest first; 100 unless said otherwise, 1,000 at most. */
export async function listViolations(
  query: { experiment_id?: string; limit?: number } = {},
  signal?: AbortSignal,
): Promise<PolicyViolation[]> {
  return (await getOwn<{ violations: PolicyViolation[] }>("policies/violations", query, signal)).violations;
}

const monitorPath = (id: string) => `monitors/${encodeURIComponent(id)}`;
const alertPath = (id: string) => `alerts/${encodeURIComponent(id)}`;
const policyPath = (id: string) => `policies/${encodeURIComponent(id)}`;

const bearer = (token: string | undefined): Record<string, string> =>
  token ? { Authorization: `Bearer ${token}` } : {};
