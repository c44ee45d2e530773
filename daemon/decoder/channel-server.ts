import { readSync, writeSync } from "node:fs";
import type { DecodeRequest } from "../../src/decode/decoder.ts";
import { type Answer, ReadoutNames, readRequest, writeAnswer } from "./channel-codec.ts";
import {
  ANSWERED,
  ASKED,
  areasOf,
  BELL_FD,
  DAEMON_LOOKS,
  DECODER_LOOKS,
  MEMORY_BYTES,
  MEMORY_FD,
} from "./channel-layout.ts";
import { openMemory, readable } from "./shared-memory.ts";

export interface ChannelServerOptions {
  /** How long to look for an expected window without sleeping, ms; 0 for not at all. */
  readonly spinMs: number;
  readonly now: () => number;
  readonly decode: (id: number, request: DecodeRequest) => Promise<Answer>;
  /** Something to do while no window comes: after how many ms, and what. */
  readonly idle: { readonly dueInMs: () => number; readonly run: () => Promise<void> };
}

/** The decoder's end of the channel: waits for windows in a blocking call, not in the event loop. */
export class ChannelServer {
  readonly #options: ChannelServerOptions;
  readonly #areas = areasOf(openMemory(MEMORY_FD, MEMORY_BYTES));
  readonly #isReadable = readable(BELL_FD);
  readonly #bytes = new Uint8Array(64);
  readonly #names = new ReadoutNames();
  readonly #ring = new Uint8Array(1);
  #seen = 0;
  /** When the last window came; before the first, so long ago that none is expected after it. */
  #lastMs = Number.NEGATIVE_INFINITY;
  /** When the next window is due; infinite when nobody can say, or when it is not to be looked for. */
  #expectedMs = Number.POSITIVE_INFINITY;

  constructor(options: ChannelServerOptions) {
    this.#options = options;
  }

  /** Serves until the daemon's end of the bell is closed. */
  async serve(): Promise<void> {
    const { control, request: question, answer: area } = this.#areas;
    while (await this.#nextWindow()) {
      this.#seen++;
      const { id, request } = readRequest(question);
      const answer = await this.#options.decode(id, request);
      writeFitting(answer, (fitting) => writeAnswer(area, fitting, this.#names));
      Atomics.store(control, ANSWERED, this.#seen);
      if (Atomics.load(control, DAEMON_LOOKS) === 0 && !this.#ringBell()) return;
    }
  }

  /** False when the daemon has gone while its window was decoded. */
  #ringBell(): boolean {
    try {
      return writeSync(BELL_FD, this.#ring) > 0;
    } catch (error) {
      if (error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ECONNRESET"))
        return false;
      throw error;
    }
  }

  /** False once the daemon is gone. */
  async #nextWindow(): Promise<boolean> {
    const { now, idle } = this.#options;
    while (!this.#isAsked) {
      const lookInMs = this.#expectedMs - this.#options.spinMs - now();
      const idleInMs = idle.dueInMs();
      if (lookInMs < 1) this.#lookUntilExpected();
      else if (idleInMs <= 0) await idle.run();
      else if (!this.#sleep(Math.min(Math.floor(lookInMs), Math.ceil(idleInMs)))) return false;
    }
    this.#expectNext(now());
    return true;
  }

  get #isAsked(): boolean {
    return Atomics.load(this.#areas.control, ASKED) !== this.#seen;
  }

  /** Blocks until the bell rings or the time is over; false once the daemon is gone. */
  #sleep(ms: number): boolean {
    if (ms !== Number.POSITIVE_INFINITY && !this.#isReadable(ms)) return true;
    try {
      return readSync(BELL_FD, this.#bytes) > 0;
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === "EINTR";
    }
  }

  /** Windows come at a steady pace: shortly before the next is due it is looked for without sleeping. */
  #lookUntilExpected(): void {
    const { now, spinMs } = this.#options;
    const { control } = this.#areas;
    const endMs = this.#expectedMs + spinMs;
    Atomics.store(control, DECODER_LOOKS, 1);
    while (!this.#isAsked && now() < endMs);
    Atomics.store(control, DECODER_LOOKS, 0);
    this.#expectedMs = Number.POSITIVE_INFINITY;
  }

  #expectNext(nowMs: number): void {
    if (this.#options.spinMs > 0) this.#expectedMs = nowMs + (nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

/** An answer that is larger than the memory is told as a failure. */
function writeFitting(answer: Answer, write: (answer: Answer) => void): void {
  try {
    write(answer);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    write({ type: "failed", id: answer.id, problem: { code: "DECODER_FAILED", message } });
  }
}
