import { useEffect, useRef } from "preact/hooks";
import { Route, Router, Switch, useLocation } from "wouter-preact";
import { hashHref, useHashPath, useHashQuery } from "./lib/address";
import { ExperimentPage } from "./pages/experiment";
import { HomePage } from "./pages/home";
import { RunPage } from "./pages/run";
import { Bar } from "./parts/bar";
import { Notice } from "./parts/states";

export function App() {
  return (
    <Router hook={useHashPath} searchHook={useHashQuery} hrefs={hashHref}>
      <Frame />
    </Router>
  );
}

function Frame() {
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const place = path.split("/", 3).join("/");
  const first = useRef(true);
  // A new place starts at its top, for eyes and screen readers
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Bar path={path} />
      <main ref={main} tabIndex={-1}>
        <Switch>
          <Route path="/">
            <HomePage />
          </Route>
          <Route path="/e/:id">{({ id }) => <ExperimentPage id={id} key={id} />}</Route>
          <Route path="/r/:run/:tab?">{({ run, tab }) => <RunPage id={run} tab={tab} key={run} />}</Route>
          <Route>
            <Notice title="No such page">
              <p>
                Nothing is at <code>#{path}</code>. <a href={hashHref("/")}>Experiments</a>
              </p>
            </Notice>
          </Route>
        </Switch>
      </main>
    </>
  );
}
