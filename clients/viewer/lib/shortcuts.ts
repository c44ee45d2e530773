/** One thing that a key does. `key` is KeyboardEvent.key, small letters, with `Shift+` before keys that have no letter of their own. */
export interface Shortcut {
  key: string;
  /** For the list of keys, a few words. */
  does: string;
  run(event: KeyboardEvent): void;
  /** Runs again while the key is held down. */
  repeats?: boolean;
}

/** The keys of the page, in the order in which they were added. A control that needs a key itself keeps it. */
export class Shortcuts {
  readonly #held = new Map<string, Shortcut>();

  /** A key has one meaning: the newest. Returns how to take it away again. */
  add(...shortcuts: Shortcut[]): () => void {
    for (const shortcut of shortcuts) this.#held.set(shortcut.key, shortcut);
    return () => {
      for (const shortcut of shortcuts) if (this.#held.get(shortcut.key) === shortcut) this.#held.delete(shortcut.key);
    };
  }

  get list(): Shortcut[] {
    return [...this.#held.values()];
  }

  handle(event: KeyboardEvent): void {
    const shortcut = this.#held.get(nameOf(event));
    if (!shortcut || (event.repeat && !shortcut.repeats)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || ownedByControl(event)) return;
    event.preventDefault();
    shortcut.run(event);
  }
}

/** As in `Shortcut.key`. */
export function nameOf({ key, shiftKey }: KeyboardEvent): string {
  if (key.length === 1) return key.toLowerCase();
  return shiftKey ? `Shift+${key}` : key;
}

const TYPING = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";
const PRESSED = "button, a, input, summary, [role=tab]";
const MOVED = "input[type=range], [role=slider], [role=tab], select, [tabindex='0']";

function ownedByControl({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("dialog[open]") && key !== "?") return true;
  if (target.closest(TYPING)) return true;
  if (key === " " || key === "Enter") return target.closest(PRESSED) !== null;
  return /^(Arrow|Home|End|Page)/.test(key) && target.closest(MOVED) !== null;
}
