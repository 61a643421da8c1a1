import { useState } from "preact/hooks";
import { focusOnce } from "../parts/inline-form";
import type { Administered } from "./administrator";

/** Asks for the administrator's token, says what for and who has it. */
export function TokenForm({ admin }: { admin: Administered }) {
  const [token, setToken] = useState("");
  if (!admin.asks) return null;
  return (
    <form
      class="token-form note"
      aria-label="Administrator"
      onSubmit={(event) => {
        event.preventDefault();
        void admin.give(token.trim());
      }}
    >
      <p>
        Policies are the administrator's to set. Whoever set up this server has the token, under the name{" "}
        <code>TIDEMARK_ADMIN_TOKEN</code>. It is kept until this tab is closed.
      </p>
      <label class="field">
        <span class="label">Token</span>
        <input
          class="input"
          type="password"
          autocomplete="off"
          required
          aria-invalid={admin.asks.refused}
          ref={focusOnce}
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button button-main">
        Go on
      </button>
      <button type="button" class="button quiet-button" onClick={admin.cancel}>
        Cancel
      </button>
      {admin.asks.refused && (
        <p class="field-error" role="alert">
          That is not the token.
        </p>
      )}
    </form>
  );
}
