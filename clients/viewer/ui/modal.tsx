import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  open: boolean;
  label: string;
  close?: () => void;
  children: ComponentChildren;
}

/** A dialog over the page: the browser keeps the focus inside and gives it back. Without `close` it cannot be left by Escape. */
export function Modal({ open, label, close, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !ref.current?.open) ref.current?.showModal();
    if (!open) ref.current?.close();
  }, [open]);
  const cancelled = (event: Event) => {
    if (!close) event.preventDefault();
  };
  return (
    <dialog ref={ref} aria-label={label} onCancel={cancelled} onClose={() => close?.()}>
      {open && children}
    </dialog>
  );
}
