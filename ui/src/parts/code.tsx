/** Lines of code; Python's words, its texts and comments stand out. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="snippet-lines" tabIndex={0} aria-label={label}>
      <pre>
        <code>
          {colored(text).map(({ look, part, at }) =>
            look ? (
              <span key={at} class={`code-${look}`}>
                {part}
              </span>
            ) : (
              part
            ),
          )}
        </code>
      </pre>
    </section>
  );
}

const LOOKS =
  /(?<comment>#[^\n]*)|(?<text>"[^"\n]*"|'[^'\n]*')|(?<word>\b(?:import|from|as|with|for|in|if|else|def|return|export|print)\b)/g;

function colored(text: string): { look: string | undefined; part: string; at: number }[] {
  const parts: { look: string | undefined; part: string; at: number }[] = [];
  let at = 0;
  for (const found of text.matchAll(LOOKS)) {
    if (found.index > at) parts.push({ look: undefined, part: text.slice(at, found.index), at });
    const look = Object.entries(found.groups ?? {}).find(([, part]) => part !== undefined)?.[0];
    parts.push({ look, part: found[0], at: found.index });
    at = found.index + found[0].length;
  }
  if (at < text.length) parts.push({ look: undefined, part: text.slice(at), at });
  return parts;
}
