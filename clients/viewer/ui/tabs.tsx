import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";
import type { Viewer } from "../lib/viewer.ts";

export interface Tab {
  name: string;
  /** Short news beside the name: something here wants to be looked at. */
  mark?: string;
  body: ComponentChildren;
}

interface Props {
  viewer: Viewer;
  label: string;
  tabs: Tab[];
  /** Name of the tab that is in sight. */
  chosen: string;
  choose(name: string): void;
}

/** Panels of which one is in sight: by pointer, by arrow keys, by the keys 1, 2, ... from anywhere. */
export function Tabs({ viewer, label, tabs, chosen, choose }: Props) {
  const id = useId();
  const names = tabs.map((tab) => tab.name).join();
  useEffect(
    () =>
      viewer.shortcuts.add(
        ...names.split(",").map((tab, i) => ({ key: String(i + 1), does: tab.toLowerCase(), run: () => choose(tab) })),
      ),
    [viewer, names],
  );
  const at = Math.max(
    0,
    tabs.findIndex((tab) => tab.name === chosen),
  );
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && tabs[(at + step + tabs.length) % tabs.length];
    if (!next || !(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    choose(next.name);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[tabs.indexOf(next)]?.focus();
  };
  return (
    <section class="panel desk" aria-label={label}>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((tab, i) => (
          <button
            key={tab.name}
            type="button"
            role="tab"
            id={`${id}-${i}`}
            class="tab"
            aria-selected={i === at}
            aria-controls={`${id}-body`}
            tabIndex={i === at ? 0 : -1}
            onClick={() => choose(tab.name)}
          >
            {tab.name}
            {tab.mark && <span class="tab-mark">{tab.mark}</span>}
          </button>
        ))}
      </div>
      <div
        class="tab-body"
        role="tabpanel"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a panel that scrolls must be reached by the keyboard
        tabIndex={0}
        id={`${id}-body`}
        aria-labelledby={`${id}-${at}`}
        key={tabs[at]?.name}
      >
        {tabs[at]?.body}
      </div>
    </section>
  );
}
