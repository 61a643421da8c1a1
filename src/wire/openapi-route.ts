/** Publishes the description of Tidemark's own calls. */
import * as v from "valibot";
import { callsOf, serve } from "./described";
import type { App } from "./rpc";

export function openApiRoute(app: App): void {
  serve(
    app,
    {
      name: "getOpenApi",
      method: "GET",
      path: "/openapi.json",
      tag: "About",
      summary: "This description: OpenAPI 3.1 of every call below /api/2.0/tidemark.",
      answers: [v.looseObject({ openapi: v.string() })],
    },
    async () => (await import("./openapi")).openApi(callsOf(app)),
  );
}
