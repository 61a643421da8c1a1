import { useState } from "preact/hooks";
import { searchRuns } from "../api/mlflow";
import { useResource } from "../data/resource";
import { nameFilter } from "../filter/language";
import { runName } from "../lib/runs";
import { Menu, MenuItem } from "../parts/menu";

interface Props {
  experiment: string;
  shown: readonly string[];
  onAdd: (run: string) => void;
}

/** Another run of the same experiment, by its name. */
export function AddRun(props: Props) {
  return <Menu label="Add run">{(close) => <Choices {...props} close={close} />}</Menu>;
}

function Choices({ experiment, shown, onAdd, close }: Props & { close: () => void }) {
  const [text, setText] = useState("");
  const filter = text.trim() ? nameFilter(text) : undefined;
  const { data, error } = useResource(`add ${experiment} ${filter}`, (signal) =>
    searchRuns({ experiments: [experiment], filter, max: 20, orderBy: ["attributes.start_time DESC"] }, signal),
  );
  return (
    <>
      <input
        class="input menu-search"
        type="search"
        aria-label="Find a run by name"
        placeholder="Name of a run"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {data
        ?.filter(({ info }) => !shown.includes(info.run_id))
        .map(({ info }) => (
          <MenuItem
            key={info.run_id}
            onClick={() => {
              onAdd(info.run_id);
              close();
            }}
          >
            <span class="clip">{runName(info)}</span>
          </MenuItem>
        ))}
      {data?.length === 0 && <p class="quiet menu-none">No run matches.</p>}
      {error && <p class="field-error">{error.message}</p>}
    </>
  );
}
