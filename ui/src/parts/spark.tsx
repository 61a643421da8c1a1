interface Props {
  values: readonly number[];
  width?: number;
  height?: number;
}

/** A line without axes; its end is a dot. */
export function Spark({ values, width = 100, height = 22 }: Props) {
  const numbers = values.filter(Number.isFinite);
  if (numbers.length === 0) return <svg width={width} height={height} aria-hidden="true" />;
  const place = scaled(numbers, width - 6, height - 6);
  const points = numbers.map((value, i) => place(value, i));
  const end = points[points.length - 1];
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <polyline points={points.map(([x, y]) => `${(x + 3).toFixed(1)},${(y + 3).toFixed(1)}`).join(" ")} />
      {end && <circle cx={end[0] + 3} cy={end[1] + 3} r="2.5" />}
    </svg>
  );
}

interface DotsProps {
  /** Oldest first; undefined where a run has no value. */
  values: readonly (number | undefined)[];
  baseline: number | undefined;
  width?: number;
  height?: number;
}

/** Runs as dots, the newest one larger, over the baseline. */
export function Dots({ values, baseline, width = 146, height = 24 }: DotsProps) {
  const known = [...values, baseline].filter((value): value is number => value !== undefined && Number.isFinite(value));
  const min = Math.min(...known);
  const range = Math.max(...known) - min || 1;
  const y = (value: number) => height - 3 - ((value - min) / range) * (height - 6);
  const step = values.length > 1 ? (width - 8) / (values.length - 1) : 0;
  return (
    <svg class="dots" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {baseline !== undefined && known.length > 0 && (
        <line x1="2" x2={width - 2} y1={y(baseline)} y2={y(baseline)} stroke-dasharray="3 2" />
      )}
      {values.map(
        (value, i) =>
          value !== undefined &&
          Number.isFinite(value) && (
            <circle key={i} cx={4 + i * step} cy={y(value)} r={i === values.length - 1 ? 2.5 : 1.4} />
          ),
      )}
    </svg>
  );
}

function scaled(
  values: readonly number[],
  width: number,
  height: number,
): (value: number, i: number) => [number, number] {
  const min = Math.min(...values);
  const range = Math.max(...values) - min || 1;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  return (value, i) => [i * step, height - ((value - min) / range) * height];
}
