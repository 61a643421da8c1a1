const PATHS = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  expand: "M9.5 6.5 13.5 2.5M10 2.5h3.5V6M6.5 9.5l-4 4M6 13.5H2.5V10",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  home: "M2.5 7.5 8 2.5l5.5 5M4 6.5v7h8v-7",
  runs: "M2.5 2.5v11h11M5 10l3-3.5 2 2L13.5 4",
  models: "M8 1.8 13.5 5v6L8 14.2 2.5 11V5L8 1.8ZM2.5 5 8 8.2 13.5 5M8 8.2v6",
  bell: "M4 11V7a4 4 0 0 1 8 0v4l1.2 1.5H2.8L4 11ZM6.5 14.5h3",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  file: "M4 1.8h5L12.5 5v9.2H4zM9 1.8V5h3.5",
  folder: "M1.8 4h4.5l1.5 1.8h6.4V13H1.8z",
} as const;

/** A small drawing beside a word, or in place of one whose button has a name. */
export function Icon({ name, size = 16 }: { name: keyof typeof PATHS; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width={name === "more" ? 2 : 1.4}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
