import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";

interface Props {
  label: string;
  /** Drawn instead of the label, which then only names the button. */
  icon?: "more";
  count?: number | undefined;
  align?: "left" | "right";
  children: (close: () => void) => ComponentChildren;
}

/** A button that opens a small layer below it; Escape, a press outside and whatever is chosen close it. */
export function Menu({ label, icon, count, align = "right", children }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus({ preventScroll: true });
  };
  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    const onEscape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      close();
    };
    document.addEventListener("pointerdown", outside);
    const element = box.current;
    element?.addEventListener("keydown", onEscape);
    element?.querySelector<HTMLElement>(".menu input, .menu button, .menu a")?.focus();
    return () => {
      document.removeEventListener("pointerdown", outside);
      element?.removeEventListener("keydown", onEscape);
    };
  }, [open]);
  return (
    <div class="menu-box" ref={box}>
      <button
        type="button"
        ref={button}
        class={icon ? "icon-button" : "button"}
        aria-label={icon ? label : undefined}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {icon ? (
          <Icon name={icon} />
        ) : (
          <>
            {label}
            {count ? <span class="count">{count}</span> : null}
            <Icon name="down" size={12} />
          </>
        )}
      </button>
      {open && <div class={`menu menu-${align}`}>{children(close)}</div>}
    </div>
  );
}

interface ItemProps {
  onClick: () => void;
  children: ComponentChildren;
  disabled?: boolean;
}

export function MenuItem({ onClick, children, disabled }: ItemProps) {
  return (
    <button type="button" class="menu-item" onClick={onClick} disabled={disabled}>
      {children}
    </button>
  );
}
