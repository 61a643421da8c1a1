/** Puts the app together: middleware in order, then each domain's routes. */
import { Hono } from "hono";
import { artifactRoutes } from "./artifacts/routes";
import { database } from "./db/client";
import { graphqlRoutes } from "./graphql/routes";
import { metricRoutes } from "./metrics/routes";
import { mlflowPageRoutes } from "./mlflow-page/routes";
import { loggedModelRoutes } from "./models/logged-model-routes";
import { modelVersionRoutes } from "./models/model-version-routes";
import { registeredModelRoutes } from "./models/registered-model-routes";
import { monitorRoutes } from "./monitors/routes";
import { pageRoutes } from "./page/routes";
import { policyRoutes } from "./policies/routes";
import { retentionRoutes } from "./retention/routes";
import { systemRoutes } from "./system";
import { trackingRoutes } from "./tracking/routes";
import { webhookRoutes } from "./webhooks/routes";
import { errorResponse, MlflowError, toMlflowError } from "./wire/errors";
import { guardHost } from "./wire/host";
import { openApiRoute } from "./wire/openapi-route";
import { guardOrigin } from "./wire/origin";
import { type App, type AppEnv, answerTheRest } from "./wire/rpc";
import { refuseWorkspaces } from "./wire/workspace";

/** Headers MLflow's own server sends with every answer. */
const SECURITY_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
  Vary: "Origin, Accept-Encoding",
} as const;

export function createApp(): App {
  const app: App = new Hono<AppEnv>();

  app.use(async (c, next) => {
    c.set("db", database(c.env.DB));
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.res.headers.set(name, value);
  });

  app.use(guardHost);
  app.use(guardOrigin);
  app.use(refuseWorkspaces);

  app.onError((thrown) => {
    const error = toMlflowError(thrown);
    if (error.status >= 500 && !(thrown instanceof MlflowError)) console.error(thrown);
    return errorResponse(error);
  });

  systemRoutes(app);
  trackingRoutes(app);
  metricRoutes(app);
  artifactRoutes(app);
  loggedModelRoutes(app);
  registeredModelRoutes(app);
  modelVersionRoutes(app);
  webhookRoutes(app);
  pageRoutes(app);
  monitorRoutes(app);
  policyRoutes(app);
  openApiRoute(app);
  graphqlRoutes(app);
  retentionRoutes(app);
  mlflowPageRoutes(app);
  answerTheRest(app);

  app.notFound(async (c) => {
    // Everything that is no API call is the page's: its files and, by way of the asset binding, its 404.
    const isPage = ["GET", "HEAD"].includes(c.req.method) && !/^\/(ajax-)?api\//.test(c.req.path);
    if (isPage && c.env.ASSETS) {
      const page = await c.env.ASSETS.fetch(c.req.raw);
      // A copy: headers of a fetched answer can't be added to.
      return new Response(page.body, page);
    }
    return errorResponse(new MlflowError("ENDPOINT_NOT_FOUND", `No such endpoint: ${c.req.method} ${c.req.path}`));
  });
  return app;
}
