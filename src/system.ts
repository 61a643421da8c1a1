/** What clients ask about the server itself. */
import { MLFLOW_VERSION } from "./wire/contract.generated";
import { type App, raw } from "./wire/rpc";

export function systemRoutes(app: App): void {
  // MLflow's page asks for the model gateway's endpoints with every list of runs, and shows a refusal as an alarm.
  raw(app, "serve_gateway_proxy", (c) => c.json({ endpoints: [] }));
  raw(app, "health", (c) => c.text("OK"));
  raw(app, "version", (c) => c.text(MLFLOW_VERSION));
  raw(app, "get_server_info", (c) =>
    c.json({
      store_type: "SqlStore",
      workspaces_enabled: false,
      trace_archival_enabled: false,
      multipart_uploads_enabled: false,
      multipart_downloads_enabled: false,
      presigned_upload_run_id_supported: false,
      presigned_upload_model_id_supported: false,
      features_enabled: { gateway: false },
    }),
  );
}
