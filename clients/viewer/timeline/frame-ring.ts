import type { FrameState } from "../../../src/protocol/messages.ts";

const STATES: readonly FrameState[] = ["ok", "late", "held", "no-reconstruction"];

export interface RingLimits {
  /** Of the messages together; a page on a small device keeps less. */
  bytes: number;
  /** Frames older than the newest by more are let go, ms. */
  spanMs: number;
  frames: number;
}

export interface Kept {
  seq: number;
  state: FrameState;
  /** Page clock. */
  arrivedAtMs: number;
}

interface Chunk {
  room: Uint8Array;
  used: number;
  /** Number of the first frame in it. */
  from: number;
}

const CHUNK_BYTES = 2 ** 20;
/** Room is let go chunk by chunk: with at least so many the ring holds nearly all that it may. */
const FEWEST_CHUNKS = 8;

/**
 * The newest frame messages as they came, oldest let go first. Frames are numbered from 0 through the life of the page;
 * `oldest` to `end - 1` are held. Bytes lie in chunks and the rest in columns: nothing is left to the garbage collector.
 */
export class FrameRing {
  readonly limits: RingLimits;
  readonly #chunkBytes: number;
  readonly #seq: Float64Array;
  readonly #arrivedAtMs: Float64Array;
  readonly #chunk: Uint32Array;
  readonly #offset: Uint32Array;
  readonly #length: Uint32Array;
  readonly #state: Uint8Array;
  #chunks: Chunk[] = [];
  /** Number of `#chunks[0]`, counting all that ever were. */
  #firstChunk = 0;
  #bytes = 0;
  #oldest = 0;
  #end = 0;

  constructor(limits: RingLimits) {
    for (const [name, value] of Object.entries(limits))
      if (!(Number.isInteger(value) && value > 0))
        throw new Error(`${name}: expected a whole number from 1, got ${value}`);
    this.limits = limits;
    const { frames, bytes } = limits;
    this.#chunkBytes = Math.min(CHUNK_BYTES, Math.ceil(bytes / FEWEST_CHUNKS));
    this.#seq = new Float64Array(frames);
    this.#arrivedAtMs = new Float64Array(frames);
    this.#chunk = new Uint32Array(frames);
    this.#offset = new Uint32Array(frames);
    this.#length = new Uint32Array(frames);
    this.#state = new Uint8Array(frames);
  }

  get oldest(): number {
    return this.#oldest;
  }

  /** One more than the number of the newest frame. */
  get end(): number {
    return this.#end;
  }

  get size(): number {
    return this.#end - this.#oldest;
  }

  /** Memory held for messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies the message; returns the number of the frame. A message larger than all room together is held alone. */
  push({ seq, state, arrivedAtMs }: Kept, message: Uint8Array): number {
    if (this.size === this.limits.frames) this.#forget(this.#oldest + 1);
    const chunk = this.#room(message.length);
    const at = this.#end % this.limits.frames;
    this.#seq[at] = seq;
    this.#arrivedAtMs[at] = arrivedAtMs;
    this.#state[at] = STATES.indexOf(state);
    this.#chunk[at] = this.#firstChunk + this.#chunks.length - 1;
    this.#offset[at] = chunk.used;
    this.#length[at] = message.length;
    chunk.room.set(message, chunk.used);
    chunk.used += message.length;
    this.#end++;
    this.#forget(this.firstSince(arrivedAtMs - this.limits.spanMs));
    return this.#end - 1;
  }

  has(n: number): boolean {
    return n >= this.#oldest && n < this.#end;
  }

  at(n: number): Kept | null {
    if (!this.has(n)) return null;
    const at = n % this.limits.frames;
    return { seq: this.#seq[at]!, state: STATES[this.#state[at]!]!, arrivedAtMs: this.#arrivedAtMs[at]! };
  }

  arrivedAtMs(n: number): number {
    return this.has(n) ? this.#arrivedAtMs[n % this.limits.frames]! : Number.NaN;
  }

  state(n: number): FrameState | null {
    return this.has(n) ? STATES[this.#state[n % this.limits.frames]!]! : null;
  }

  /** The message of frame `n`, a copy. */
  messageCopy(n: number): Uint8Array | null {
    if (!this.has(n)) return null;
    const at = n % this.limits.frames;
    const { room } = this.#chunks[this.#chunk[at]! - this.#firstChunk]!;
    return room.slice(this.#offset[at]!, this.#offset[at]! + this.#length[at]!);
  }

  /** Number of the first held frame that arrived at `ms` or later; `end` when none did. */
  firstSince(ms: number): number {
    let [low, high] = [this.#oldest, this.#end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#arrivedAtMs[middle % this.limits.frames]! < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  clear(): void {
    this.#oldest = this.#end;
    this.#firstChunk += this.#chunks.length;
    this.#chunks = [];
    this.#bytes = 0;
  }

  /** The chunk with room for `length` bytes: the newest, or the oldest one emptied, or a new one. */
  #room(length: number): Chunk {
    const newest = this.#chunks.at(-1);
    if (newest && newest.used + length <= newest.room.length) return newest;
    const size = Math.max(this.#chunkBytes, length);
    let reused: Uint8Array | null = null;
    while (this.#chunks.length > 0 && this.#bytes + size > this.limits.bytes) reused = this.#dropChunk();
    const room = reused?.length === size ? reused : new Uint8Array(size);
    const chunk = { room, used: 0, from: this.#end };
    this.#chunks.push(chunk);
    this.#bytes += size;
    return chunk;
  }

  #dropChunk(): Uint8Array {
    const { room } = this.#chunks.shift()!;
    this.#firstChunk++;
    this.#bytes -= room.length;
    this.#oldest = Math.max(this.#oldest, this.#chunks[0]?.from ?? this.#end);
    return room;
  }

  #forget(before: number): void {
    this.#oldest = Math.max(this.#oldest, before);
    while (this.#chunks.length > 1 && this.#chunks[1]!.from <= this.#oldest) this.#dropChunk();
  }
}
