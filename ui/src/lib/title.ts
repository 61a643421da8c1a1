import { useEffect } from "preact/hooks";

/** Names the browser's tab after what is on the page. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · Tidemark` : "Tidemark";
  }, [title]);
}
