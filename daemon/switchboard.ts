import { expected, PhospheneError } from "../src/errors.ts";
import type { ChoiceBody } from "../src/protocol/messages.ts";
import type { Bundle } from "./bundle.ts";
import type { DecoderHost } from "./decoder/host.ts";

/** A bundle and what decodes with it. */
export interface Engine {
  readonly bundle: Bundle;
  readonly host: DecoderHost;
}

export interface SwitchboardParts<E extends Engine> {
  /** What there is to choose from; the first is active from the start. */
  readonly bundles: readonly Bundle[];
  /** An engine that has not started; `onProgress` is told what it does while it loads beside the active one. Null for the first. */
  readonly make: (bundle: Bundle, onProgress: ((message: string) => void) | null) => E;
}

/** A switch that is under way. `due` is set when the engine waits for the end of a window. */
interface Loading<E> {
  readonly bundle: Bundle;
  detail: string;
  due: { readonly engine: E; readonly exchange: () => void } | null;
}

/**
 * Which bundle decodes, and the way to another: it is loaded beside the active one, which goes on, and exchanged for it between two
 * windows. One at a time. What fails leaves everything as it was.
 */
export class Switchboard<E extends Engine> {
  readonly #parts: SwitchboardParts<E>;
  readonly #stopped = Promise.withResolvers<never>();
  /** Why a bundle could not be had the last time, by name. */
  readonly #failures = new Map<string, string>();
  /** Made when it is first asked for: an engine knows those who are made of it. */
  #active: E | null = null;
  #loading: Loading<E> | null = null;
  /** Resolves when the switch that is under way has ended, however. */
  #settled: Promise<unknown> = Promise.resolve();
  #busy = false;
  #switches = 0;
  #restarts = 0;

  constructor(parts: SwitchboardParts<E>) {
    this.#parts = parts;
    this.#stopped.promise.catch(() => {});
  }

  get active(): E {
    this.#active ??= this.#parts.make(this.#parts.bundles[0]!, null);
    return this.#active;
  }
  get switches(): number {
    return this.#switches;
  }
  /** Of all engines that were ever active. */
  get restarts(): number {
    return this.#restarts + this.active.host.restarts;
  }

  choices(): ChoiceBody[] {
    return this.#parts.bundles.map((bundle) => {
      const { name, kind } = bundle.manifest;
      const loading = this.#loading?.bundle === bundle ? this.#loading : null;
      const state = bundle === this.active.bundle ? "active" : loading === null ? "available" : "loading";
      const detail = loading?.detail ?? this.#failures.get(name) ?? "";
      return { name, kind, digest: bundle.digest, state, detail };
    });
  }

  /** One window's work, with whatever is active when its turn has come. Not to be called again before it resolves. */
  async run<T>(work: (engine: E) => Promise<T>): Promise<T> {
    this.#exchangeIfDue();
    this.#busy = true;
    try {
      return await work(this.active);
    } finally {
      this.#busy = false;
      // Not here: the frame of this window is not written yet. Without another window nobody else would do it.
      if (this.#loading?.due) setImmediate(() => this.#exchangeIfDue());
    }
  }

  /**
   * Loads the bundle of this name and exchanges the active engine for it. `prepare` comes first and may refuse; `takeOver` is called at the exchange,
   * between two windows, with what `prepare` made. Resolves after it. Rejects with SWITCH_REFUSED, SWITCH_BUSY, SWITCH_FAILED, or what loading throws.
   */
  async switchTo<P>(
    name: string,
    prepare: (bundle: Bundle) => Promise<P>,
    takeOver: (next: E, prepared: P) => void,
  ): Promise<void> {
    const loading: Loading<E> = { bundle: this.#wanted(name), detail: "waits", due: null };
    this.#loading = loading;
    const ended = Promise.withResolvers<void>();
    this.#settled = ended.promise;
    try {
      await this.#load(loading, prepare, takeOver);
      this.#failures.delete(name);
    } catch (error) {
      this.#failures.set(name, error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      this.#loading = null;
      ended.resolve();
    }
  }

  /** Ends the active engine and the one that loads. */
  async close(): Promise<void> {
    this.#stopped.reject(
      new PhospheneError("SWITCH_FAILED", "switch: expected to come to an end, but the daemon stops"),
    );
    await this.#settled;
    await this.active.host.close();
  }

  async #load<P>(
    loading: Loading<E>,
    prepare: (bundle: Bundle) => Promise<P>,
    takeOver: (next: E, prepared: P) => void,
  ): Promise<void> {
    const prepared = await prepare(loading.bundle);
    const engine = this.#parts.make(loading.bundle, (message) => {
      loading.detail = message;
    });
    try {
      await Promise.race([engine.host.start(), this.#stopped.promise]);
      await Promise.race([this.#turn(loading, engine, () => takeOver(engine, prepared)), this.#stopped.promise]);
    } catch (error) {
      await engine.host.close();
      throw error;
    }
  }

  /** Resolves when the exchange has taken place. */
  #turn(loading: Loading<E>, engine: E, takeOver: () => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const exchange = () => {
      try {
        this.#exchange(engine, takeOver);
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    loading.due = { engine, exchange };
    loading.detail = "waits for the window that is decoded";
    this.#exchangeIfDue();
    return promise;
  }

  #exchangeIfDue(): void {
    const due = this.#loading?.due;
    if (this.#busy || this.#loading === null || !due) return;
    this.#loading.due = null;
    due.exchange();
  }

  #exchange(engine: E, takeOver: () => void): void {
    const { state } = engine.host;
    if (state !== "ready")
      throw new PhospheneError("SWITCH_FAILED", expected("the other decoder", "to be ready still", state));
    const previous = this.active;
    this.#active = engine;
    this.#switches++;
    this.#restarts += previous.host.restarts;
    takeOver();
    void previous.host.close();
  }

  #wanted(name: string): Bundle {
    if (this.#loading !== null) {
      const { name: other } = this.#loading.bundle.manifest;
      throw new PhospheneError("SWITCH_BUSY", expected("switch", "no other bundle that is being loaded", other));
    }
    const bundle = this.#parts.bundles.find(({ manifest }) => manifest.name === name);
    if (bundle !== undefined && bundle !== this.active.bundle) return bundle;
    const others = this.#parts.bundles.filter((each) => each !== this.active.bundle);
    const wanted = others.length === 0 ? "another bundle, and there is none" : oneOf(others);
    throw new PhospheneError("SWITCH_REFUSED", expected("switch.bundle", wanted, name));
  }
}

function oneOf(bundles: readonly Bundle[]): string {
  return `one of ${bundles.map(({ manifest }) => manifest.name).join(", ")}`;
}
