import type { Track } from "../charts/track";

interface Props {
  track: Track | undefined;
  /** The line it may not cross, where there is one. */
  limit: number | undefined;
  /** "firing-critical", "ok": the colour of the line. */
  tone: string;
  width?: number;
  height?: number;
}

/** A metric over time without axes, its limit through it, its end a dot. */
export function LimitSpark({ track, limit, tone, width = 126, height = 34 }: Props) {
  const points = track ? finitePoints(track) : [];
  const [first, last] = [points[0], points[points.length - 1]];
  if (!first || !last) return <svg class="limit-spark" width={width} height={height} aria-hidden="true" />;
  const values = points.map(([, value]) => value);
  if (limit !== undefined) values.push(limit);
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const time = last[0] - first[0] || 1;
  const x = (at: number) => 2 + ((at - first[0]) / time) * (width - 7);
  const y = (value: number) => height - 4 - ((value - low) / range) * (height - 8);
  return (
    <svg
      class={`limit-spark spark-${tone}`}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      {limit !== undefined && <line class="spark-limit" x1="2" x2={width - 5} y1={y(limit)} y2={y(limit)} />}
      <polyline points={points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} />
      <circle cx={x(last[0])} cy={y(last[1])} r="2.5" />
    </svg>
  );
}

function finitePoints({ x, last }: Track): [number, number][] {
  return x.flatMap((at, i): [number, number][] => {
    const value = last[i] ?? Number.NaN;
    return Number.isFinite(value) ? [[at, value]] : [];
  });
}
