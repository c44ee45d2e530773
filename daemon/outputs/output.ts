import type { EventBody, FrameBody, HelloBody } from "../../src/protocol/messages.ts";
import type { OutputBooks } from "./books.ts";

/** One way out of the daemon besides the viewers. Nothing of it waits: what takes time goes on by itself and is settled in the books. */
export interface Output {
  readonly name: "lsl" | "zeromq" | "networkEvents" | "serial";
  readonly books: OutputBooks;
  /** How the peer is; `detail` is a sentence where there is something to say. */
  state(): { readonly state: string; readonly detail: string };
  /** A frame is about to be written to the viewers: what somebody's stimulation waits for. */
  urgent?(frame: FrameBody): void;
  /** A frame, held or not, was written to the viewers at `writtenMs`. */
  frame?(frame: FrameBody, writtenMs: number): void;
  event?(event: EventBody): void;
  /** A viewer had frame `seq` on its screen at `atMs`. */
  shown?(seq: number, atMs: number): void;
  /** Makes ready for another bundle, where that makes a difference; rejects with CONFIG_INVALID where it cannot be. */
  prepare?(bundle: HelloBody["bundle"]): Promise<PreparedOutput>;
  close(): Promise<void>;
}

export interface PreparedOutput {
  /** At once: the next frame is of the other bundle. */
  commit(): void;
  /** What was opened for it is closed again. */
  discard?(): Promise<void>;
}

/** What an output must know to open. */
export interface OutputContext {
  readonly bundle: HelloBody["bundle"];
  readonly session: string;
  readonly everyBins: number;
  /** The daemon's clock, that of all stamps of a frame. */
  readonly now: () => number;
  readonly log: (level: "info" | "warn", message: string) => void;
}
