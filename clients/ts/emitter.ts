/** Callbacks by name. One that throws spoils nothing for the others: its error surfaces as an uncaught one. */
export class Emitter<Events extends object> {
  readonly #listeners: { [Name in keyof Events]?: Set<(value: Events[Name]) => void> } = {};
  readonly #onChange: () => void;

  /** `onChange` is called when the first listener of a name comes and when the last one goes. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Returns what takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners: Set<(value: Events[Name]) => void> = this.#listeners[name] ?? new Set();
    this.#listeners[name] = listeners;
    // A wrapper, so that one function may listen twice.
    const entry = (value: Events[Name]) => listener(value);
    listeners.add(entry);
    if (listeners.size === 1) this.#onChange();
    return () => {
      if (listeners.delete(entry) && listeners.size === 0) this.#onChange();
    };
  }

  has(name: keyof Events): boolean {
    return (this.#listeners[name]?.size ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
