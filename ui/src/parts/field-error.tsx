/** What the server says against something, beside it. */
export function FieldError({ text }: { text: string | undefined }) {
  if (!text) return null;
  return (
    <p class="field-error" role="alert">
      {text}
    </p>
  );
}
