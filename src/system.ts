/** What clients ask about the server itself. */
import { hasBucketAddresses } from "./artifacts/addresses";
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
      // Clients then send files of 500 MB or more in parts, which Cloudflare would refuse in one piece.
      multipart_uploads_enabled: true,
      // Costs a request more a file, and pays where the bytes come from R2 itself.
      multipart_downloads_enabled: hasBucketAddresses(c.env),
      presigned_upload_run_id_supported: true,
      presigned_upload_model_id_supported: true,
      features_enabled: { gateway: false },
    }),
  );
}
