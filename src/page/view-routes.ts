/** Saved views: named addresses of the page, kept with an experiment. */
import * as v from "valibot";
import { experimentId } from "../tracking/experiment";
import { serve } from "../wire/described";
import type { App } from "../wire/rpc";
import { EXPERIMENT_PARAMS, text } from "../wire/schemas";
import { createView, deleteView, getView, listViews, updateView, type View } from "./view-store";

const MAX_NAME = 200;
const MAX_ADDRESS = 65_536;

const NAME = v.pipe(v.string(), v.maxLength(MAX_NAME));
const ADDRESS = v.pipe(text, v.maxLength(MAX_ADDRESS));
const VIEW = v.object({
  view_id: v.string(),
  name: v.string(),
  address: v.string(),
  created_time: v.number(),
  updated_time: v.number(),
});
const VIEW_PARAMS = v.object({ experiment_id: text, view_id: text });

export function viewRoutes(app: App): void {
  const all = { path: "/experiments/:experiment_id/views", tag: "Views", params: EXPERIMENT_PARAMS } as const;
  const single = { path: "/experiments/:experiment_id/views/:view_id", tag: "Views", params: VIEW_PARAMS } as const;

  serve(
    app,
    {
      ...all,
      name: "listViews",
      method: "GET",
      summary: "An experiment's saved views that have a name, by name.",
      answers: [v.object({ views: v.array(VIEW) })],
      errors: [404],
    },
    async ({ params }, c) => {
      const views = await listViews(c.get("db"), experimentId(params.experiment_id));
      return { views: views.map(wireView) };
    },
  );

  serve(
    app,
    {
      ...all,
      name: "createView",
      method: "POST",
      summary: "Saves a view. One without a name is only reached by its id.",
      body: v.object({ name: v.optional(NAME, ""), address: ADDRESS }),
      answers: [VIEW],
      errors: [404],
    },
    async ({ params, body }, c) => {
      const now = Date.now();
      const view: View = {
        experimentId: experimentId(params.experiment_id),
        viewId: crypto.randomUUID().replaceAll("-", ""),
        ...body,
        createdTime: now,
        updatedTime: now,
      };
      await createView(c.get("db"), view);
      return wireView(view);
    },
  );

  serve(
    app,
    { ...single, name: "getView", method: "GET", summary: "One saved view.", answers: [VIEW], errors: [404] },
    async ({ params }, c) => wireView(await getView(c.get("db"), experimentId(params.experiment_id), params.view_id)),
  );

  serve(
    app,
    {
      ...single,
      name: "updateView",
      method: "PATCH",
      summary: "Renames a saved view, or gives it another address.",
      body: v.object({ name: v.optional(NAME), address: v.optional(ADDRESS) }),
      answers: [VIEW],
      errors: [404],
    },
    async ({ params, body }, c) => {
      const change = { ...body, updatedTime: Date.now() };
      return wireView(await updateView(c.get("db"), experimentId(params.experiment_id), params.view_id, change));
    },
  );

  serve(
    app,
    {
      ...single,
      name: "deleteView",
      method: "DELETE",
      summary: "Removes a saved view.",
      answers: [v.object({})],
      errors: [404],
    },
    async ({ params }, c) => {
      await deleteView(c.get("db"), experimentId(params.experiment_id), params.view_id);
      return {};
    },
  );
}

const wireView = ({ viewId, name, address, createdTime, updatedTime }: View) => ({
  view_id: viewId,
  name,
  address,
  created_time: createdTime,
  updated_time: updatedTime,
});
