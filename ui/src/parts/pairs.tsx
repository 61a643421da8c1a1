import type { ComponentChildren } from "preact";

export interface Pair {
  key: string;
  value: ComponentChildren;
  /** The whole value, where the shown one may be cut. */
  title?: string;
}

/** Names and values under a heading; nothing at all when there are none, unless `none` says what to do. */
export function Pairs({ title, pairs, none }: { title: string; pairs: Pair[]; none?: string }) {
  if (pairs.length === 0 && !none) return null;
  return (
    <section class="pairs">
      <h2>
        {title} {pairs.length > 0 && <span class="count">{pairs.length}</span>}
      </h2>
      {pairs.length === 0 && <p class="quiet">{none}</p>}
      <dl>
        {pairs.map(({ key, value, title: whole }) => (
          <div class="pair" key={key}>
            <dt class="key" title={key}>
              {key}
            </dt>
            <dd title={whole}>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
