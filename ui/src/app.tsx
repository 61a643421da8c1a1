import { useEffect, useRef, useState } from "preact/hooks";
import { Route, Router, Switch, useLocation } from "wouter-preact";
import { noteRuns } from "./data/last-runs";
import { experimentPath, hashHref, navigate, runPath, useHashPath, useHashQuery } from "./lib/address";
import { useKeys } from "./lib/keys";
import { Bar, PhoneNav } from "./parts/bar";
import { CriticalNews } from "./parts/critical-news";
import { lazy } from "./parts/lazy";
import { Notice } from "./parts/states";

const HomePage = lazy(() => import("./pages/home").then((part) => part.HomePage));
const ExperimentPage = lazy(() => import("./pages/experiment").then((part) => part.ExperimentPage));
const RunPage = lazy(() => import("./pages/run").then((part) => part.RunPage));
const ComparePage = lazy(() => import("./pages/compare").then((part) => part.ComparePage));
const ModelsPage = lazy(() => import("./pages/models").then((part) => part.ModelsPage));
const ModelPage = lazy(() => import("./pages/model").then((part) => part.ModelPage));
const MonitorsPage = lazy(() => import("./pages/monitors").then((part) => part.MonitorsPage));
const NewMonitorPage = lazy(() => import("./pages/monitor-form").then((part) => part.NewMonitorPage));
const EditMonitorPage = lazy(() => import("./pages/monitor-form").then((part) => part.EditMonitorPage));
const SomeRuns = lazy(() => import("./pages/some-runs").then((part) => part.SomeRuns));
const SettingsPage = lazy(() => import("./pages/settings").then((part) => part.SettingsPage));
const Palette = lazy(() => import("./parts/palette").then((part) => part.Palette));
const KeyList = lazy(() => import("./parts/key-list").then((part) => part.KeyList));

export function App() {
  return (
    <Router hook={useHashPath} searchHook={useHashQuery} hrefs={hashHref}>
      <Frame />
    </Router>
  );
}

function Moved({ to }: { to: string }) {
  useEffect(() => navigate(to, { replace: true }), [to]);
  return null;
}

function Frame() {
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const [layer, setLayer] = useState<"jump" | "keys" | undefined>(undefined);
  // A dialog tells of its closing late: by then another one may be open
  const closeLayer = (which: "jump" | "keys") => setLayer((now) => (now === which ? undefined : now));
  // The rows of the monitors' list lead to addresses of the same place
  const place = path
    .replace(/^(\/monitors)\/(?!new$)[^/]+$/, "$1")
    .split("/", 3)
    .join("/");
  const first = useRef(true);
  useEffect(() => noteRuns(path), [path]);
  // A new place starts at its top, for eyes and screen readers
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place]);
  useKeys({
    "mod+k": () => setLayer("jump"),
    "?": () => setLayer("keys"),
    "g e": () => navigate("/"),
    "g m": () => navigate("/models"),
    "g o": () => navigate("/monitors"),
    "g s": () => navigate("/settings"),
  });
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Bar path={path} onJump={() => setLayer("jump")} />
      <main ref={main} tabIndex={-1}>
        <Switch>
          <Route path="/">
            <HomePage />
          </Route>
          <Route path="/e/:id">{({ id }) => <ExperimentPage id={id} key={id} />}</Route>
          <Route path="/r/:run/:tab?">{({ run, tab }) => <RunPage id={run} tab={tab} key={run} />}</Route>
          <Route path="/compare">
            <ComparePage />
          </Route>
          <Route path="/models">
            <ModelsPage />
          </Route>
          <Route path="/models/:name/:version?">
            {({ name, version }) => <ModelPage name={name} version={version} key={name} />}
          </Route>
          <Route path="/monitors/new">
            <NewMonitorPage />
          </Route>
          <Route path="/monitors/:id/edit">{({ id }) => <EditMonitorPage id={id} key={id} />}</Route>
          <Route path="/monitors/:id?">{({ id }) => <MonitorsPage id={id} />}</Route>
          <Route path="/runs">
            <SomeRuns />
          </Route>
          {/* The addresses that MLflow's client prints when a run ends */}
          <Route path="/experiments/:id/runs/:run/*?">{({ run }) => <Moved to={runPath(run)} />}</Route>
          <Route path="/experiments/:id/*?">{({ id }) => <Moved to={experimentPath(id)} />}</Route>
          <Route path="/settings">
            <SettingsPage />
          </Route>
          <Route>
            <Notice title="No such page">
              <p>
                Nothing is at <code>#{path}</code>. <a href={hashHref("/")}>Experiments</a>
              </p>
            </Notice>
          </Route>
        </Switch>
      </main>
      <PhoneNav path={path} />
      <CriticalNews />
      {layer === "jump" && <Palette onClose={() => closeLayer("jump")} />}
      {layer === "keys" && <KeyList onClose={() => closeLayer("keys")} />}
    </>
  );
}
