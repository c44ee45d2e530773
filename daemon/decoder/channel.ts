import { closeSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import type { DecodeRequest } from "../../src/decode/decoder.ts";
import { type Answer, checkSize, ReadoutNames, readAnswer, writeRequest } from "./channel-codec.ts";
import {
  ANSWERED,
  ASKED,
  areasOf,
  type ChannelAreas,
  DAEMON_LOOKS,
  DECODER_LOOKS,
  MEMORY_BYTES,
} from "./channel-layout.ts";
import { createMemory, type SharedMemory, socketPair } from "./shared-memory.ts";
import { Turnaround } from "./turnaround.ts";

export interface ChannelOptions {
  /** How long to look for an expected answer without sleeping, ms; 0 for not at all. */
  readonly spinMs: number;
  readonly now: () => number;
  readonly onAnswer: (answer: Answer) => void;
  /** What came is no answer: the process cannot be trusted any more. */
  readonly onBroken: (problem: string) => void;
}

/** One memory for all decoder processes of a supervisor: it cannot be unmapped while a view of it lives. */
export class ChannelMemory {
  readonly #shared: SharedMemory;
  readonly areas: ChannelAreas;
  #isOpen = true;

  private constructor(shared: SharedMemory) {
    this.#shared = shared;
    this.areas = areasOf(shared.memory);
  }

  /** null where the system has none; the decoder process is then spoken to over Node's own channel. */
  static create(): ChannelMemory | null {
    const shared = createMemory(MEMORY_BYTES);
    return shared === null ? null : new ChannelMemory(shared);
  }

  get fd(): number {
    return this.#shared.fd;
  }

  /** Its descriptor: nobody inherits it any more. Safe to call twice. */
  close(): void {
    if (this.#isOpen) closeSync(this.#shared.fd);
    this.#isOpen = false;
  }
}

type Request = { readonly id: number; readonly request: DecodeRequest };

/**
 * Windows to one decoder process and answers from it, through memory that both map, one at a time. A byte over a pair of sockets (the bell)
 * wakes the other side; it says nothing but "look". The end of the bell is the end of the process.
 */
export class DecoderChannel {
  readonly #options: ChannelOptions;
  readonly #areas: ChannelAreas;
  readonly #bell: Socket;
  readonly #names = new ReadoutNames();
  readonly #ring = new Uint8Array(1);
  readonly #waiting: Request[] = [];
  readonly #turnaround = new Turnaround();
  readonly #ourBell: number;
  #theirBell: number;
  #asked: { steps: number; atMs: number } | null = null;
  #looking: NodeJS.Timeout | undefined;
  /** What the process inherits as descriptors 4 and 5. */
  readonly stdio: readonly [number, number];

  private constructor(memory: ChannelMemory, bells: [number, number], options: ChannelOptions) {
    this.#options = options;
    this.#areas = memory.areas;
    memory.areas.control.fill(0);
    [this.#ourBell, this.#theirBell] = bells;
    this.stdio = [bells[1], memory.fd];
    const callback = () => {
      this.#look();
      return true;
    };
    const buffer = new Uint8Array(64);
    this.#bell = new Socket({ fd: bells[0], readable: true, writable: true, onread: { buffer, callback } });
    // A process that died is noticed by its exit.
    this.#bell.on("error", () => {});
  }

  /** null when there are no sockets to be had. */
  static open(memory: ChannelMemory, options: ChannelOptions): DecoderChannel | null {
    const bells = socketPair();
    return bells === null ? null : new DecoderChannel(memory, bells, options);
  }

  /** The process has its descriptors: ours of its end is closed, so that its end is noticed. */
  inherited(): void {
    if (this.#theirBell >= 0) closeSync(this.#theirBell);
    this.#theirBell = -1;
  }

  /** Throws DECODER_FAILED on a window that is larger than the memory. */
  ask(id: number, request: DecodeRequest): void {
    checkSize(this.#areas.request, request);
    if (this.#asked === null) this.#write({ id, request });
    else this.#waiting.push({ id, request });
  }

  close(): void {
    this.inherited();
    clearTimeout(this.#looking);
    this.#asked = null;
    this.#waiting.length = 0;
    this.#bell.destroy();
  }

  #write({ id, request }: Request): void {
    const { control, request: area } = this.#areas;
    writeRequest(area, id, request);
    const atMs = this.#options.now();
    this.#asked = { steps: request.steps, atMs };
    Atomics.add(control, ASKED, 1);
    if (Atomics.load(control, DECODER_LOOKS) === 0) this.#wake();
    if (this.#options.spinMs > 0) this.#expect(request.steps, atMs);
  }

  /** One byte, past the stream's own machinery. */
  #wake(): void {
    if (this.#bell.destroyed) return;
    try {
      writeSync(this.#ourBell, this.#ring);
    } catch {
      // Full or broken: a process that does not look is found stalled, one that is gone by its exit.
    }
  }

  /** Takes the answer when it is there. */
  #look(): void {
    const { control, answer: area } = this.#areas;
    if (this.#asked === null || Atomics.load(control, ANSWERED) !== Atomics.load(control, ASKED)) return;
    const { steps, atMs } = this.#asked;
    this.#asked = null;
    clearTimeout(this.#looking);
    try {
      this.#options.onAnswer(readAnswer(area, this.#names));
    } catch (error) {
      this.#options.onBroken(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#turnaround.record(steps, this.#options.now() - atMs);
    const next = this.#waiting.shift();
    if (next !== undefined) this.ask(next.id, next.request);
  }

  #expect(steps: number, askedMs: number): void {
    const { spinMs, now } = this.#options;
    const typicalMs = this.#turnaround.of(steps);
    if (typicalMs === null) return;
    const delayMs = Math.floor(typicalMs - spinMs);
    const endMs = askedMs + typicalMs + spinMs;
    this.#looking = setTimeout(() => this.#spin(() => now() > endMs), Math.max(0, delayMs));
  }

  /** Looks again and again, every turn of the event loop, which serves whoever else waits in between. */
  #spin(isOver: () => boolean): void {
    const { control } = this.#areas;
    Atomics.store(control, DAEMON_LOOKS, 1);
    const turn = () => {
      this.#look();
      if (this.#asked !== null && !isOver()) setImmediate(turn);
      else this.#stopSpinning();
    };
    turn();
  }

  #stopSpinning(): void {
    Atomics.store(this.#areas.control, DAEMON_LOOKS, 0);
    // Between the last look and the store the answer may have come without a bell.
    this.#look();
  }
}
