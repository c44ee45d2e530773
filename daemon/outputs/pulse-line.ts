import { TooLate, Unanswered, type Wire } from "../../src/outputs/wire.ts";
import type { OutputBooks } from "./books.ts";

const RETRY_MS = 500;

/** `stuck`: it was to fall and may be high. */
type Level = "low" | "rising" | "high" | "falling" | "stuck";

/** One line: low, or in a pulse that somebody ends. */
export class PulseLine {
  readonly #line: string;
  readonly #wire: Wire;
  readonly #books: OutputBooks;
  readonly #now: () => number;
  #level: Level = "low";
  /** Daemon time at which the pulse ends. */
  #endMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Of the last command: an answer to an older one changes nothing. */
  #turn = 0;

  constructor(line: string, wire: Wire, books: OutputBooks, now: () => number) {
    this.#line = line;
    this.#wire = wire;
    this.#books = books;
    this.#now = now;
  }

  get level(): Level {
    return this.#level;
  }

  /** Raises the line for `durationMs` (null: it falls by itself); `originMs` is when the deadline began. Settles in the books, now or later. */
  fire(originMs: number, durationMs: number | null): void {
    if (this.#closed || !this.#books.begin(originMs)) return;
    if (durationMs !== null && (this.#level === "high" || this.#level === "rising")) {
      this.#endMs = Math.max(this.#endMs, this.#now() + durationMs);
      this.#books.merged();
      return;
    }
    clearTimeout(this.#timer);
    this.#level = "rising";
    this.#endMs = 0;
    const turn = ++this.#turn;
    this.#wire.raise(this.#line, this.#books.untilMs(originMs)).then(
      (handedMs) => {
        this.#books.sent(originMs, handedMs);
        if (turn === this.#turn) this.#risen(handedMs, durationMs);
      },
      (error: unknown) => {
        if (error instanceof TooLate) this.#books.late();
        else this.#books.failed(error);
        if (turn === this.#turn) this.#refused(error);
      },
    );
  }

  /** No pulse after this; resolves when a line that may be high was told to fall, or could not be. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#level !== "low") await this.#lower();
    clearTimeout(this.#timer);
  }

  #risen(handedMs: number, durationMs: number | null): void {
    if (durationMs === null) {
      this.#level = "low";
      return;
    }
    this.#level = "high";
    this.#endMs = Math.max(this.#endMs, handedMs + durationMs);
    this.#await();
  }

  /** Whether it was prolonged meanwhile shows when the time has come. */
  #await(): void {
    const leftMs = this.#endMs - this.#now();
    if (leftMs <= 0) void this.#lower();
    else this.#timer = setTimeout(() => this.#await(), leftMs);
  }

  #refused(error: unknown): void {
    this.#level = "low";
    // Who did not answer may have raised it, or may do so yet.
    if (error instanceof Unanswered) void this.#lower();
  }

  async #lower(): Promise<void> {
    const turn = ++this.#turn;
    this.#level = this.#level === "stuck" ? "stuck" : "falling";
    try {
      await this.#wire.lower(this.#line);
      if (turn === this.#turn) this.#level = "low";
    } catch {
      if (turn !== this.#turn) return;
      this.#level = "stuck";
      if (!this.#closed) this.#timer = setTimeout(() => void this.#lower(), RETRY_MS);
    }
  }
}
