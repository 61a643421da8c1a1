import { useState } from "preact/hooks";
import { createView, deleteView, listViews } from "../api/tidemark";
import { setBaseline } from "../data/experiment";
import { useResource } from "../data/resource";
import { hashHref, navigate, pathWithQuery } from "../lib/address";
import { FieldError } from "../parts/field-error";
import { Icon } from "../parts/icon";
import { Menu, MenuItem } from "../parts/menu";
import type { ExperimentActions, ExperimentState } from "./experiment-state";

/** Longer addresses break in mails and chats: they are stored, and a short one stands for them. */
const ADDRESS_MAX = 2000;

/** Named addresses of this experiment. */
export function ViewsMenu({ experiment }: { experiment: string }) {
  return <Menu label="Saved views">{(close) => <ViewList experiment={experiment} close={close} />}</Menu>;
}

function ViewList({ experiment, close }: { experiment: string; close: () => void }) {
  const views = useResource(`views ${experiment}`, (signal) => listViews(experiment, signal));
  const [name, setName] = useState("");
  const [error, setError] = useState<string | undefined>(undefined);
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
      setError(undefined);
      setName("");
      views.reload();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  return (
    <>
      {views.data?.map((view) => (
        <div class="menu-line" key={view.view_id}>
          <a class="menu-item" href={view.address} onClick={close}>
            <span class="clip">{view.name}</span>
          </a>
          <button
            type="button"
            class="icon-button"
            aria-label={`Remove the view ${view.name}`}
            onClick={() => void attempt(() => deleteView(experiment, view.view_id))}
          >
            <Icon name="close" size={12} />
          </button>
        </div>
      ))}
      {views.data?.length === 0 && (
        <p class="quiet menu-none">A view keeps filter, columns, order and charts under a name.</p>
      )}
      <form
        class="menu-form"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => createView(experiment, { name: name.trim(), address: location.hash }));
        }}
      >
        <input
          class="input"
          aria-label="Name of the view"
          placeholder="Name this view"
          required
          maxLength={200}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" class="button">
          Save
        </button>
      </form>
      <FieldError text={error ?? views.error?.message} />
    </>
  );
}

/** Puts this page's address on the clipboard. */
export function ShareButton({ experiment }: { experiment: string }) {
  const [said, setSaid] = useState<string | undefined>(undefined);
  const share = async () => {
    try {
      let address = location.href;
      if (address.length > ADDRESS_MAX) {
        const { view_id } = await createView(experiment, { address: location.hash });
        address = `${location.origin}${location.pathname}${hashHref(pathWithQuery(`/e/${experiment}`, { v: view_id }))}`;
      }
      await navigator.clipboard.writeText(address);
      setSaid("Address copied");
    } catch {
      setSaid("Not allowed");
    }
    setTimeout(() => setSaid(undefined), 2000);
  };
  return (
    <button type="button" class="button wide-only-inline" onClick={() => void share()} aria-live="polite">
      {said ?? "Share"}
    </button>
  );
}

interface MenuProps {
  id: string;
  name: string | undefined;
  state: ExperimentState;
  actions: ExperimentActions;
  hasBaseline: boolean;
  reload: () => void;
}

export function ExperimentMenu({ id, name, state, actions, hasBaseline, reload }: MenuProps) {
  return (
    <Menu label={`More about ${name ?? "this experiment"}`} icon="more">
      {(close) => (
        <>
          <MenuItem
            onClick={() => {
              actions.setDeleted(!state.deleted);
              close();
            }}
          >
            {state.deleted ? "Show active runs" : "Show deleted runs"}
          </MenuItem>
          {hasBaseline && (
            <MenuItem
              onClick={() => {
                close();
                void setBaseline(id, undefined).then(reload, () => undefined);
              }}
            >
              Clear the baseline
            </MenuItem>
          )}
          <MenuItem
            onClick={() => {
              close();
              navigate(`/e/${encodeURIComponent(id)}`);
            }}
          >
            Forget filter and columns
          </MenuItem>
          <MenuItem
            onClick={() => {
              close();
              reload();
            }}
          >
            Read again
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
