/** A batch of spikes of one source. `times` are seconds on the source's own clock; `times` and `units` have equal length. */
export interface SpikeBlock {
  readonly kind: "spikes";
  readonly source: string;
  /** Gap-free per source, from 0 at start of the daemon. */
  readonly seq: number;
  readonly times: Float64Array;
  /** Index into the daemon's unit list (the bundle's `units.labels`). */
  readonly units: Uint16Array;
  /** Local monotonic clock when the batch was received, ms. */
  readonly receivedAtMs: number;
}

/**
 * A batch of spike counts of one source, for rigs that count themselves. All samples cover intervals of equal length;
 * `times` are the ends of these intervals, s on the source's own clock, and grow.
 */
export interface CountBlock {
  readonly kind: "counts";
  readonly source: string;
  /** Gap-free per source, from 0 at start of the daemon; spike blocks and count blocks have one sequence. */
  readonly seq: number;
  readonly times: Float64Array;
  /** Spikes per sample and unit, shape [samples, units], in the order of the daemon's unit list. */
  readonly counts: Uint16Array;
  /** Length of the interval that a sample covers, s. */
  readonly intervalS: number;
  readonly receivedAtMs: number;
}

/** Something that happened at the rig: a stimulus came on, a TTL line changed. `time` is in seconds on the source's clock. */
export interface SourceEvent {
  readonly kind: "event";
  readonly source: string;
  readonly time: number;
  /** `text`: free text of the rig; `ttl`: "line=3 state=1". */
  readonly event: "text" | "ttl";
  readonly text: string;
  readonly receivedAtMs: number;
}

/** The source's clock has reached `time` (s) even though no spike says so (continuous data arrived). */
export interface SourceClock {
  readonly kind: "clock";
  readonly source: string;
  readonly time: number;
  readonly receivedAtMs: number;
}

/**
 * How the source's clock maps to the local one, as the adapter measured it (a round trip, a clock that both sides share):
 * local ms = time * 1000 + `offsetMs`, within `uncertaintyMs` (NaN: unknown). Sent when it changes, every few seconds at least;
 * it is no sign of life.
 */
export interface SourceSync {
  readonly kind: "sync";
  readonly source: string;
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
  readonly receivedAtMs: number;
}

/** The source's clock started again from another origin (acquisition restarted): bins are re-anchored, nothing is lost. */
export interface SourceRestart {
  readonly kind: "restart";
  readonly source: string;
  readonly receivedAtMs: number;
}

/** The connection to the source changed; liveness by silence is judged downstream, not by the adapter. */
export interface SourceConnection {
  readonly kind: "connection";
  readonly source: string;
  readonly state: "connecting" | "connected" | "disconnected";
  readonly detail: string;
  readonly receivedAtMs: number;
}

export type SourceMessage =
  | SpikeBlock
  | CountBlock
  | SourceEvent
  | SourceClock
  | SourceSync
  | SourceRestart
  | SourceConnection;

/** What a source received and what it could not use. Mutated by the adapter, read by `/status`. All are totals since start. */
export interface SourceCounters {
  messages: number;
  spikes: number;
  /** Samples of counts, of rigs that count themselves; `spikes` is the sum of what they counted. */
  samples: number;
  events: number;
  /** Messages that could not be parsed: counted and skipped. */
  malformed: number;
  /** Messages known to be lost upstream (gap in a sequence that counts every message we subscribe to). */
  missed: number;
  duplicates: number;
  /** Spikes of units that the bundle does not know. */
  unknownUnits: number;
  /** Messages thrown away unread because newer ones were already there: the backlog was older than allowed. */
  flushed: number;
  /** Messages of a stream that we do not listen to. */
  ignored: number;
  restarts: number;
}

export function emptyCounters(): SourceCounters {
  return {
    messages: 0,
    spikes: 0,
    samples: 0,
    events: 0,
    malformed: 0,
    missed: 0,
    duplicates: 0,
    unknownUnits: 0,
    flushed: 0,
    ignored: 0,
    restarts: 0,
  };
}

/** One bin of spike counts. Bins of a session are gap-free: `index` grows by one, empty bins included. */
export interface Bin {
  readonly index: number;
  readonly source: string;
  /** Start and end, s on the source's clock. */
  readonly startS: number;
  readonly endS: number;
  /** Spikes per unit, shape [units]. */
  readonly counts: Uint16Array;
  /** Number of spikes: the sum of `counts`. */
  readonly spikes: number;
  /**
   * Unit of each spike, and its time after `startS` in ms; shape [spikes]. For rasters. Counted samples have no spike times:
   * one mark per unit that fired, in the middle of the sample's interval.
   */
  readonly spikeUnits: Uint16Array;
  readonly spikeOffsetsMs: Float32Array;
  /** When the newest spike of the bin happened, mapped to the local monotonic clock, ms; NaN for an empty bin. */
  readonly lastSpikeAtMs: number;
  /** Local monotonic ms at which the newest message had arrived before the bin was closed. */
  readonly arrivedAtMs: number;
  /** Local monotonic ms at which the bin was closed: the deadline counts from here. */
  readonly closedAtMs: number;
  /** Closed by the source's clock, or by the wall deadline because the source was silent. */
  readonly closedBy: "source" | "silence";
  /** Increments whenever the source restarted: bins of different epochs do not share a window. */
  readonly epoch: number;
}

/** 1 for every unit whose source is lost while others are live, shape [units]; null when there is none. */
export type SilentUnits = Uint8Array | null;

/** The last W bins, ready for the encoder. */
export interface Window {
  readonly first: Bin;
  readonly last: Bin;
  /** Raw counts, shape [W, units], oldest bin first. */
  readonly counts: Float32Array;
  /** z-scored counts, same shape. */
  readonly values: Float32Array;
  readonly silent: SilentUnits;
}
