import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { KeysAnswer } from "../api/page-types";
import { fetchValues } from "../api/tidemark";
import { useResource } from "../data/resource";
import { useKeys } from "../lib/keys";
import { Icon } from "../parts/icon";
import { expectedAt, nameFilter, pieces, plainWords, problemOf, splitName } from "./language";
import { suggestionsFor } from "./suggest";

interface Props {
  experiment: string;
  /** The filter in force. */
  value: string;
  /** Runs the filter; it is known to parse. */
  onChange: (filter: string) => void;
  keys: KeysAnswer | undefined;
  /** At the right: how many runs match, and how long that took. */
  result: string;
}

/** Written filters run this long after the last key. */
const PAUSE_MS = 250;

/** One line in the server's own grammar: coloured, completed, and told where it is wrong. */
export function FilterBar({ experiment, value, onChange, keys, result }: Props) {
  const [text, setText] = useState(value);
  const [caret, setCaret] = useState<number | undefined>(undefined);
  const [chosen, setChosen] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  /** Where the caret belongs once what was taken stands there. */
  const goTo = useRef<number | undefined>(undefined);
  const sent = useRef(value);
  /** Sent, and not yet come back as `value`: on a slow machine more may have been written and sent meanwhile. */
  const underWay = useRef(new Set<string>());
  const send = (filter: string) => {
    sent.current = filter;
    if (filter !== value) underWay.current.add(filter);
    onChange(filter);
  };

  // A filter from elsewhere (a click on a value, the browser's back) takes the place of what was written
  useEffect(() => {
    if (value === sent.current) return underWay.current.clear();
    if (underWay.current.delete(value)) return;
    sent.current = value;
    setText(value);
  }, [value]);

  const isPlain = plainWords(text);
  const problem = useMemo(() => (isPlain ? undefined : problemOf(text)), [text, isPlain]);
  const runs = isPlain ? nameFilter(text) : text.trim();
  useEffect(() => {
    // Plain words may be the beginning of a filter: they wait for Enter.
    if (problem || isPlain || runs === sent.current) return;
    const timer = setTimeout(() => send(runs), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [runs, problem, isPlain]);

  useKeys({ "/": () => input.current?.focus() });

  const isOpen = caret !== undefined;
  const expected = useMemo(() => expectedAt(text, caret ?? text.length), [text, caret]);
  const about = expected.what === "value" ? splitName(expected.name) : undefined;
  const kind = about?.entity === "param" || about?.entity === "tag" ? about.entity : undefined;
  const values = useResource(
    `values ${experiment} ${kind} ${about?.key}`,
    (signal) => fetchValues(experiment, { kind: kind ?? "param", key: about?.key ?? "", prefix: "" }, signal),
    { idle: !isOpen || kind === undefined },
  );
  const suggestions = isOpen ? suggestionsFor(expected, { keys, values: values.data ?? [] }) : [];
  const at = Math.min(chosen, suggestions.length - 1);
  const isCovered = suggestions.length > 0 || problem !== undefined;

  // With the text, and not a frame later: what is typed meanwhile would be torn apart.
  useLayoutEffect(() => {
    if (goTo.current === undefined) return;
    input.current?.focus();
    input.current?.setSelectionRange(goTo.current, goTo.current);
    goTo.current = undefined;
  });

  const place = () => setCaret(input.current?.selectionStart ?? undefined);
  const take = (index: number) => {
    const suggestion = suggestions[index];
    if (!suggestion) return;
    const end = caret ?? text.length;
    const next = text.slice(0, expected.span.start) + suggestion.insert + text.slice(end).trimStart();
    const to = expected.span.start + suggestion.insert.length;
    setText(next);
    setChosen(0);
    setCaret(to);
    goTo.current = to;
  };
  const settle = () => {
    if (!isPlain) return;
    // What plain words mean is shown as the filter they became.
    setText(runs);
    send(runs);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setChosen(Math.min(at + 1, suggestions.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
    else if (event.key === "Tab" && !event.shiftKey && suggestions.length > 0 && isOpen) take(at);
    else if (event.key === "Enter") {
      settle();
      setCaret(undefined);
      if (!problem && !isPlain) send(runs);
    } else if (event.key === "Escape") {
      if (isOpen) setCaret(undefined);
      else input.current?.blur();
    } else return;
    event.preventDefault();
  };
  return (
    <div class="filter">
      <div class={problem && !isOpen ? "filter-line filter-wrong" : "filter-line"}>
        <Icon name="search" />
        <div class="filter-text">
          <div class="filter-colors" ref={layer} aria-hidden="true">
            {pieces(text).map(({ start, end, look }) => (
              <span key={start} class={`look-${look}`}>
                {text.slice(start, end)}
              </span>
            ))}
            {problem && <Wave text={text} start={problem.start} end={problem.end} />}
          </div>
          <input
            ref={input}
            type="text"
            role="combobox"
            aria-label="Filter runs"
            aria-expanded={isOpen && suggestions.length > 0}
            aria-controls="filter-list"
            aria-autocomplete="list"
            aria-activedescendant={isOpen && suggestions[at] ? `filter-${at}` : undefined}
            aria-invalid={problem !== undefined}
            aria-describedby={problem ? "filter-problem" : undefined}
            placeholder="metrics.loss < 0.2 and params.arch = 'ft', or words of a name"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setChosen(0);
              place();
            }}
            onClick={place}
            onFocus={place}
            onBlur={() => {
              setCaret(undefined);
              settle();
            }}
            onScroll={(event) => {
              if (layer.current) layer.current.style.transform = `translateX(${-event.currentTarget.scrollLeft}px)`;
            }}
            onKeyDown={onKeyDown}
          />
        </div>
        {text && (
          <button
            type="button"
            class="icon-button"
            aria-label="Clear the filter"
            onClick={() => {
              setText("");
              sent.current = "";
              onChange("");
            }}
          >
            <Icon name="close" size={12} />
          </button>
        )}
        <span class="filter-result num" role="status">
          {result}
        </span>
        <kbd class="wide-only-inline">/</kbd>
      </div>
      <div class="filter-layer" hidden={!isOpen || !isCovered}>
        {problem && text.trim() !== "" && (
          <p class="filter-problem" id="filter-problem">
            {problem.message}
          </p>
        )}
        <div id="filter-list" role="listbox" aria-label="Completions">
          {suggestions.map(({ insert, note }, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
            <div
              key={insert}
              id={`filter-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === at}
              class="filter-option"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(i)}
            >
              <code>{insert.trim()}</code>
              <span class="quiet small">{note}</span>
              {i === at && <kbd>Tab</kbd>}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

/** A wavy line under what is wrong; the text above it is drawn by its neighbour. */
function Wave({ text, start, end }: { text: string; start: number; end: number }) {
  return (
    <div class="filter-wave">
      {text.slice(0, start)}
      <u>{text.slice(start, end) || " "}</u>
    </div>
  );
}
