/** MLflow's workspaces: there are none here, and who asks for one must not end up in the only one there is. */
import type { MiddlewareHandler } from "hono";
import { MlflowError } from "./errors";

/** Errors: 400 FEATURE_DISABLED for a request that names a workspace. */
export const refuseWorkspaces: MiddlewareHandler = async (c, next) => {
  if (c.req.header("X-MLFLOW-WORKSPACE")) {
    throw new MlflowError(
      "FEATURE_DISABLED",
      "Workspace APIs are not available: workspaces are not enabled on this server",
    );
  }
  await next();
};
