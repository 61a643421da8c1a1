/** MLflow's own page under /mlflow/, where it was fetched: its files are assets, its calls are ours. */
import { MLFLOW_VERSION } from "../wire/contract.generated";
import type { App } from "../wire/rpc";
import { absentRoutes } from "./absent";

const PREFIX = "/mlflow";
/** What the page asks relative to its own address, so that it may lie anywhere. */
const ITS_CALLS = /^\/(ajax-api\/|api\/|graphql$|get-artifact$|model-versions\/get-artifact$)/;

const NOT_FETCHED = `MLflow's own page has not been added to this server.
In Tidemark's folder, run: npm run ui:mlflow   (it fetches the page of MLflow ${MLFLOW_VERSION})
`;

export function mlflowPageRoutes(app: App): void {
  absentRoutes(app);
  app.all(`${PREFIX}/*`, async (c, next) => {
    const url = new URL(c.req.url);
    const path = url.pathname.slice(PREFIX.length);
    if (!ITS_CALLS.test(path)) return next();
    url.pathname = path;
    return app.fetch(new Request(url, c.req.raw), c.env, c.executionCtx);
  });
  // Relative addresses need the slash; the assets' router would give it, but it does not stand before every server.
  app.get(PREFIX, (c) => c.redirect(`${PREFIX}/`));
  app.get(`${PREFIX}/`, async (c) => {
    const page = await c.env.ASSETS?.fetch(c.req.raw);
    if (!page || page.status === 404) return c.text(NOT_FETCHED, 404);
    return new Response(page.body, page);
  });
}
