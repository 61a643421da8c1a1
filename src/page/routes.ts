/** What the page calls beyond MLflow's API, but for metrics and feeds, which are of their own rooms. docs/page-api.md. */
import type { App } from "../wire/rpc";
import { homeRoutes } from "./home-routes";
import { keyRoutes } from "./key-routes";
import { tableRoutes } from "./table-routes";
import { viewRoutes } from "./view-routes";

export function pageRoutes(app: App): void {
  homeRoutes(app);
  keyRoutes(app);
  tableRoutes(app);
  viewRoutes(app);
}
