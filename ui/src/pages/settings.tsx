import { serverVersion } from "../api/mlflow";
import { type Preferences, prefer, preferences } from "../data/prefs";
import { useResource } from "../data/resource";
import { useStore } from "../data/store";
import { useTitle } from "../lib/title";
import { CopyButton } from "../parts/copy";
import { Segments } from "../parts/segments";
import { Policies } from "../policies/policies";
import { Violations } from "../policies/violations";
import { Webhooks } from "./settings-webhooks";

const THEMES: { value: Preferences["theme"]; label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];
const DENSITIES: { value: Preferences["density"]; label: string }[] = [
  { value: "normal", label: "Normal" },
  { value: "compact", label: "Compact" },
];

/** How the page looks on this machine, and what the server tells others. */
export function SettingsPage() {
  useTitle("Settings");
  const { theme, density, letters } = useStore(preferences);
  const version = useResource("version", serverVersion);
  return (
    <div class="page page-narrow">
      <div class="section-head">
        <h1>Settings</h1>
      </div>
      <section class="panel pairs settings">
        <h2>On this machine</h2>
        <div class="setting">
          <span>Theme</span>
          <Segments label="Theme" options={THEMES} value={theme} onChange={(value) => prefer({ theme: value })} />
        </div>
        <div class="setting">
          <span>Rows</span>
          <Segments label="Rows" options={DENSITIES} value={density} onChange={(value) => prefer({ density: value })} />
        </div>
        <label class="check setting">
          <span>Single letters act as keys</span>
          <input type="checkbox" checked={letters} onChange={() => prefer({ letters: !letters })} />
        </label>
      </section>
      <section class="panel pairs settings">
        <h2>This server</h2>
        <div class="setting">
          <span>Address for clients</span>
          <span>
            <code>{location.origin}</code> <CopyButton text={location.origin} />
          </span>
        </div>
        <div class="setting">
          <span>Speaks as</span>
          <span>{version.data ? `MLflow ${version.data}` : (version.error?.message ?? "…")}</span>
        </div>
        <div class="setting">
          <span>Calls of its own</span>
          <a href="/api/2.0/tidemark/openapi.json">OpenAPI description</a>
        </div>
      </section>
      <Policies />
      <Violations />
      <Webhooks />
    </div>
  );
}
