/**
 * What MLflow's page asks about parts of MLflow that this server lacks. A refusal there means an alarm on pages of runs
 * and models, and retries for half a minute; "none" is as true, since none of it can be created here. Only the page's own
 * addresses (/ajax-api/) answer so: API clients are told 501 as for anything that is not there.
 */
import { MlflowError } from "../wire/errors";
import { type App, endpointsOf } from "../wire/rpc";

/** By the contract's name. An empty list is left out of MLflow's own answers, so `{}` is what it says for none. */
const ANSWERS: Readonly<Record<string, object>> = {
  searchTracesV3: {},
  queryTraceMetrics: {},
  searchIssues: {},
  listScorers: {},
  searchEvaluationDatasets: {},
  searchPromptOptimizationJobs: {},
  listReviewQueues: {},
  listReviewQueueItems: {},
  listLabelSchemas: {},
  listGatewayEndpoints: {},
  listGatewaySecretInfos: {},
  listGatewayModelDefinitions: {},
  listEndpointBindings: {},
  listBudgetPolicies: {},
  listBudgetWindows: {},
  listGatewayGuardrails: {},
  list_supported_providers: { providers: [] },
  get_secrets_config: { secrets_available: false },
  get_online_scoring_configs: { configs: [] },
  "Search Mcp Servers": { mcp_servers: [] },
  "Search All Access Endpoints": { mcp_access_endpoints: [] },
  "Get Config": { providers: {}, projects: {}, remote_access_allowed: false },
  "Get Providers": { providers: [], resolved: null, gateway_vendor_options: {} },
  serve_get_ui_telemetry: { disable_ui_telemetry: true, disable_ui_events: [], ui_rollout_percentage: 0 },
  serve_post_ui_telemetry: { status: "disabled" },
};

export function absentRoutes(app: App): void {
  for (const [name, answer] of Object.entries(ANSWERS)) {
    serve(app, name, () => Response.json(answer));
  }
  // Without logins MLflow's server does not know this route either, and its page takes that for "nobody".
  serve(app, "get_current_user", () => {
    throw new MlflowError("ENDPOINT_NOT_FOUND", "Nobody logs in to this server.");
  });
}

function serve(app: App, name: string, answer: () => Response): void {
  for (const { method, paths } of endpointsOf(name)) {
    for (const path of paths.filter((each) => each.startsWith("/ajax-api/"))) app.on(method, path, answer);
  }
}
