import type { ComponentChildren } from "preact";

export interface Pair {
  key: string;
  value: ComponentChildren;
  /** The whole value, where the shown one may be cut. */
  title?: string;
}

interface Props {
  title: string;
  pairs: Pair[];
  /** What to say when there are none; without it the part is left out then. */
  none?: string;
  /** The names are the page's own words, few and known: neither counted nor set as keys. */
  facts?: boolean;
}

/** Names and values under a heading. */
export function Pairs({ title, pairs, none, facts = false }: Props) {
  if (pairs.length === 0 && !none) return null;
  return (
    <section class={facts ? "pairs facts" : "pairs"}>
      <h2>
        {title} {pairs.length > 0 && !facts && <span class="count">{pairs.length}</span>}
      </h2>
      {pairs.length === 0 && <p class="quiet">{none}</p>}
      <dl>
        {pairs.map(({ key, value, title: whole }) => (
          <div class="pair" key={key}>
            <dt class={facts ? undefined : "key"} title={key}>
              {key}
            </dt>
            <dd title={whole}>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
