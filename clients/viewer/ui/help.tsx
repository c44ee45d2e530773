import { useEffect, useState } from "preact/hooks";
import type { Viewer } from "../lib/viewer.ts";
import { Modal } from "./modal.tsx";

const SUBJECT = "/subject?patch=bottom-left";
const NAMES: Record<string, string> = {
  " ": "space",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

export function keyName(key: string): string {
  const [last = "", ...before] = key.split("+").reverse();
  return [...before.reverse(), NAMES[last] ?? last].join(" ");
}

/** The keys of the page, under `?`. */
export function Help({ viewer }: { viewer: Viewer }) {
  const [open, show] = useState(false);
  useEffect(
    () => viewer.shortcuts.add({ key: "?", does: "this list, or away with it", run: () => show((is) => !is) }),
    [viewer],
  );
  return (
    <>
      <button type="button" class="help" aria-label="Keys" aria-keyshortcuts="?" onClick={() => show(true)}>
        ?
      </button>
      <Modal open={open} label="Keys" close={() => show(false)}>
        <h2>Keys</h2>
        <dl class="keys">
          {viewer.shortcuts.list.map(({ key, does }) => (
            <div key={key}>
              <dt>
                <kbd>{keyName(key)}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <p>
          <a
            href={SUBJECT}
            target="_blank"
            rel="noopener"
            onClick={({ currentTarget }) => {
              currentTarget.href = viewer.access.withToken(SUBJECT);
            }}
          >
            The subject's screen
          </a>{" "}
          in a window of its own
        </p>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </Modal>
    </>
  );
}
