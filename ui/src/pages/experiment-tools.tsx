import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Direction, KeysAnswer } from "../api/page-types";
import type { Conventions } from "../data/experiment";
import { difference } from "../lib/compare";
import { download, fileName, toCsv } from "../lib/csv";
import { lazy } from "../parts/lazy";
import { Menu, MenuItem } from "../parts/menu";
import { Segments } from "../parts/segments";
import { ATTRIBUTES, type Column } from "../table/column";
import type { RunColumns } from "../table/columns-data";
import type { Aggregate, ExperimentActions, ExperimentState, View } from "./experiment-state";

const ColumnsDialog = lazy(() => import("../table/columns-dialog").then((part) => part.ColumnsDialog));

interface Props {
  id: string;
  state: ExperimentState;
  actions: ExperimentActions;
  keys: KeysAnswer | undefined;
  columns: readonly Column[];
  conventions: Conventions;
  data: RunColumns | undefined;
  metric: (key: string, row: number) => number | undefined;
  baselineValue: (key: string) => number | undefined;
  onDirection: (key: string, direction: Direction) => void;
  filter: ComponentChildren;
}

const VIEWS: { value: View; label: string }[] = [
  { value: "table", label: "Table" },
  { value: "split", label: "Split" },
  { value: "charts", label: "Charts" },
];

const AGGREGATES: { value: Aggregate; label: string }[] = [
  { value: "last", label: "Last value" },
  { value: "min", label: "Smallest value" },
  { value: "max", label: "Largest value" },
  { value: "best", label: "Best value" },
];

/** The filter, and how its runs are shown. */
export function ExperimentTools(props: Props) {
  const { state, actions, keys, columns } = props;
  const [picking, setPicking] = useState(false);
  const grouped = [...(keys?.params ?? []), ...(keys?.tags ?? [])].length > 0;
  return (
    <div class="experiment-tools">
      {props.filter}
      <div class="tools">
        {grouped && (
          <Menu label={state.group ? `Group: ${state.group.key}` : "Group"}>
            {(close) => (
              <GroupList
                keys={keys}
                current={state.group?.key}
                onPick={(group) => {
                  actions.setGroup(group);
                  close();
                }}
              />
            )}
          </Menu>
        )}
        <Menu label={AGGREGATES.find(({ value }) => value === state.aggregate)?.label ?? "Values"}>
          {(close) =>
            AGGREGATES.map(({ value, label }) => (
              <MenuItem
                key={value}
                onClick={() => {
                  actions.setAggregate(value);
                  close();
                }}
              >
                {label}
                {value === state.aggregate && <span class="quiet"> now</span>}
              </MenuItem>
            ))
          }
        </Menu>
        <button type="button" class="button" onClick={() => setPicking(true)}>
          Columns <span class="count">{columns.length}</span>
        </button>
        <button
          type="button"
          class="button wide-only-inline"
          disabled={!props.data?.done}
          onClick={() => saveTable(props)}
        >
          CSV
        </button>
        <Segments label="View" options={VIEWS} value={state.view} onChange={actions.setView} />
      </div>
      {picking && (
        <ColumnsDialog
          keys={keys}
          columns={columns}
          direction={props.conventions.direction}
          onDirection={props.onDirection}
          onChange={actions.setColumns}
          onClose={() => setPicking(false)}
        />
      )}
    </div>
  );
}

interface GroupProps {
  keys: KeysAnswer | undefined;
  current: string | undefined;
  onPick: (group: string | undefined) => void;
}

const GROUPS_SHOWN = 40;

function GroupList({ keys, current, onPick }: GroupProps) {
  const [text, setText] = useState("");
  const all = [
    ...(keys?.params ?? []).map((use) => ({ ...use, id: `p:${use.key}` })),
    ...(keys?.tags ?? [])
      .filter(({ key }) => !key.startsWith("mlflow."))
      .map((use) => ({ ...use, id: `t:${use.key}` })),
  ].filter(({ key }) => key.toLowerCase().includes(text.toLowerCase()));
  return (
    <>
      <input
        class="input menu-search"
        type="search"
        aria-label="Find a parameter or tag"
        placeholder="Parameter or tag"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {current !== undefined && <MenuItem onClick={() => onPick(undefined)}>No groups</MenuItem>}
      {all.slice(0, GROUPS_SHOWN).map(({ key, id, values }) => (
        <MenuItem key={id} onClick={() => onPick(id)}>
          <span class="key clip">{key}</span>
          <span class="quiet small">{values}</span>
        </MenuItem>
      ))}
      {all.length === 0 && <p class="quiet menu-none">Nothing is called that.</p>}
    </>
  );
}

/** The rows as they are, all columns, numbers in full. */
function saveTable({ id, data, columns, metric, baselineValue, conventions }: Props): void {
  if (!data) return;
  const head = ["run_id", "run_name", "status", "start_time", "end_time", ...columns.map(headOf)];
  const rows = data.id.map((run, row) => [
    run,
    data.name[row],
    data.status[row],
    isoOf(data.start[row]),
    isoOf(data.end[row]),
    ...columns.map((column) => cellOf(column, row)),
  ]);
  download(`${fileName("experiment", id, "runs")}.csv`, toCsv([head, ...rows]));

  function cellOf({ kind, key }: Column, row: number): string | number | undefined {
    if (kind === "metric") return metric(key, row);
    if (kind === "delta") return difference(metric(key, row), baselineValue(key), conventions.direction(key))?.amount;
    if (kind === "param") return data?.params.get(key)?.[row];
    if (kind === "tag") return data?.tags.get(key)?.[row];
    return key === "user" ? data?.user[row] : undefined;
  }
}

function headOf(column: Column): string {
  if (column.kind === "delta") return `${column.key} vs baseline`;
  return column.kind === "attribute" ? (ATTRIBUTES[column.key] ?? column.key) : column.key;
}

function isoOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
