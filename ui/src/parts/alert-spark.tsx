interface Props {
  values: readonly number[];
  /** What the values may not pass, where it is of their kind; always in the picture. */
  limit: number | undefined;
  tone: string;
  width?: number;
  height?: number;
}

const AIR = 4;

/** The newest values without axes, with the limit they passed; the end is a dot. What is no number breaks the line. */
export function AlertSpark({ values, limit, tone, width = 100, height = 32 }: Props) {
  const known = [...values, limit].filter((value): value is number => value !== undefined && Number.isFinite(value));
  const min = Math.min(...known);
  const range = Math.max(...known) - min || 1;
  const step = values.length > 1 ? (width - 2 * AIR) / (values.length - 1) : 0;
  const y = (value: number) => (height - AIR - ((value - min) / range) * (height - 2 * AIR)).toFixed(1);
  const x = (i: number) => (AIR + i * step).toFixed(1);
  let path = "";
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    path += `${Number.isFinite(values[i - 1]) ? "L" : "M"}${x(i)} ${y(value)}`;
  });
  const end = values.findLastIndex(Number.isFinite);
  return (
    <svg
      class={`alert-spark spark-${tone}`}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      {path && limit !== undefined && Number.isFinite(limit) && <line x1="0" x2={width} y1={y(limit)} y2={y(limit)} />}
      {path && <path d={path} />}
      {end >= 0 && <circle cx={x(end)} cy={y(values[end] ?? 0)} r="2.5" />}
    </svg>
  );
}
