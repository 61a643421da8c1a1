import { render } from "preact";
import { App } from "./app";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/bar.css";
import "./styles/parts.css";
import "./styles/tables.css";
import "./styles/grid.css";
import "./styles/charts.css";
import "./styles/run.css";
import "./styles/monitors.css";
import "./styles/watch.css";

const root = document.getElementById("app");
if (!root) throw new Error("index.html lacks #app");
render(<App />, root);
