import { prefer, preferences } from "../data/prefs";
import { useStore } from "../data/store";
import { Dialog } from "./dialog";

const GROUPS: [string, [string, string][]][] = [
  [
    "Everywhere",
    [
      ["Ctrl K or ⌘ K", "jump or command"],
      ["?", "this list"],
      ["g e, g m, g o, g s", "experiments, models, monitors, settings"],
      ["Esc", "back out"],
    ],
  ],
  [
    "Runs",
    [
      ["/", "filter"],
      ["j, k", "next, previous row"],
      ["x", "draw"],
      ["Enter", "open"],
      ["b", "set baseline"],
      ["c", "compare drawn"],
      ["1, 2, 3", "table, split, charts"],
    ],
  ],
  [
    "Monitors",
    [
      ["j, k", "next, previous monitor"],
      ["n", "new monitor"],
      ["a", "acknowledge"],
    ],
  ],
  [
    "Charts",
    [
      ["[, ]", "smoothing less, more"],
      ["l", "logarithmic, under the pointer"],
      ["s", "step, time, relative"],
      ["0", "reset zoom"],
      ["f", "enlarge, under the pointer; arrows walk points"],
      ["n", "new monitor, under the pointer"],
      ["a", "acknowledge the alert that fires"],
    ],
  ],
];

/** Every key, and the switch that turns letters off. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const { letters } = useStore(preferences);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="key-list">
        {GROUPS.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, does]) => (
                <div class="pair" key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <label class="check">
          <input type="checkbox" checked={letters} onChange={() => prefer({ letters: !letters })} />
          Single letters act as keys
        </label>
      </div>
    </Dialog>
  );
}
