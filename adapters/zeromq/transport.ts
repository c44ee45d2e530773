import type { SourceConnection } from "../../src/signal/types.ts";

export interface TransportOptions {
  readonly endpoint: string;
  /** Prefix of the messages that we want; all with "". */
  readonly topic: string;
  /** A peer that sends longer ones is disconnected. */
  readonly maxMessageBytes: number;
}

export interface TransportHandlers {
  /** The frames of one message, borrowed. */
  message(frames: readonly Uint8Array[]): void;
  /** What was there to read has been read. */
  turn(): void;
  /** The same state may be said again. */
  state(state: SourceConnection["state"], detail: string): void;
  /** It can never work. */
  failed(cause: unknown): void;
}

/** Subscribes to a publisher, again and again, until the function that it returns is called. */
export type Transport = (options: TransportOptions, handlers: TransportHandlers) => () => void;
