import type { Observable } from "rxjs";
import type { z } from "zod";
import type { SourceCounters, SourceMessage } from "../src/signal/types.ts";

/** What the daemon gives an adapter when it opens it. */
export interface AdapterContext {
  /** Name of the source in config.yaml; goes into every message. */
  readonly source: string;
  /** Unit labels in the bundle's order, `<electrode>.<sorted id>`: the adapter maps its spikes to an index in this list. */
  readonly unitLabels: readonly string[];
  /** Totals that `/status` shows; the adapter increments them. */
  readonly counters: SourceCounters;
  /** Local monotonic clock, ms. */
  readonly now: () => number;
  /** Emits when everything that the adapter sent is decoded or settled otherwise: a stepwise replay then plays on. */
  readonly request$?: Observable<unknown>;
  readonly log: (level: "debug" | "info" | "warn", message: string, fields?: Record<string, unknown>) => void;
}

/**
 * A source of spikes: a schema for its options and a function that makes a cold observable.
 * Subscribing connects, unsubscribing releases every socket and timer. A peer that is absent or goes away is not an error:
 * the observable says so with a `connection` message and tries again. It errors only for what can never work
 * (a coded PhospheneError), and never throws on what the peer sends.
 */
export interface Adapter<Options> {
  readonly kind: string;
  readonly options: z.ZodType<Options>;
  /** False when the source's time does not pass as the wall's (a replay at a factor): silence then closes no bins. True when left out. */
  followsWall?(options: Options): boolean;
  open(options: Options, context: AdapterContext): Observable<SourceMessage>;
}

/** Identity with types: `options` and `open` agree, and every adapter file has the same shape. */
export function defineAdapter<Options>(adapter: Adapter<Options>): Adapter<Options> {
  return adapter;
}
