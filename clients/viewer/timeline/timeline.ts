import type { HelloBody, ServerMessage } from "../../../src/protocol/messages.ts";
import { parseServerMessage } from "../../../src/protocol/parse.ts";
import { applyMessage, emptyState } from "../lib/state.ts";
import { StimulusTrack } from "../lib/stimuli.ts";
import type { Viewer } from "../lib/viewer.ts";
import { FrameRing, type RingLimits } from "./frame-ring.ts";
import { Runs } from "./runs.ts";

type Stimulus = StimulusTrack["current"];

/** A frame message as it came, when (page clock), and what the daemon said of the bundle that it is of. */
export interface Message {
  bytes: Uint8Array;
  arrivedAtMs: number;
  hello: HelloBody | null;
}

/** The last minutes of frames and the place in them that the page shows: live, or standing at a frame of then. */
export class Timeline {
  readonly ring: FrameRing;
  /** What the rig showed when the frame arrived. */
  readonly stimuli = new Runs<Stimulus>();
  /** What was known of the bundle when the frame arrived. */
  readonly #hellos = new Runs<HelloBody | null>();
  readonly #viewer: Pick<Viewer, "live" | "showThen" | "tap">;
  readonly #listeners = new Set<() => void>();
  #session = "";
  #newest: Message | null = null;
  #then: (Message & { n: number }) | null = null;
  /** The newest frame when the page stopped being live. */
  #frozenAt = -1;

  constructor(viewer: Pick<Viewer, "live" | "showThen" | "tap">, limits: RingLimits) {
    this.#viewer = viewer;
    this.ring = new FrameRing(limits);
    viewer.tap((message, bytes, atMs) => this.#take(message, bytes, atMs));
  }

  /** Number of the frame that is shown; null: live. It stays when the ring has let that frame go. */
  get cursor(): number | null {
    return this.#then?.n ?? null;
  }

  /** Another frame is shown than the one at which the page was frozen: what goes on in time is not of that moment. */
  get scrolled(): boolean {
    return this.#then !== null && this.#then.n !== this.#frozenAt;
  }

  /** The message of the frame that is shown. */
  get shown(): Message | null {
    return this.#then ?? this.#newest;
  }

  /** Calls `listener` whenever the cursor moved; returns how to end that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  live(): void {
    if (this.#then) this.#show(null);
  }

  /** Stands still at the newest frame, or goes on. */
  toggle(): void {
    if (this.#then) this.live();
    else this.seek(this.ring.end - 1);
  }

  /** Shows frame `n`, or the held one that is nearest; nothing when none is held. */
  seek(n: number): void {
    const { oldest, end, size } = this.ring;
    const number = Math.min(end - 1, Math.max(oldest, n));
    if (size === 0 || number === this.cursor) return;
    const bytes = this.ring.messageCopy(number)!;
    if (!this.#then) this.#frozenAt = end - 1;
    const hello = this.#hellos.at(number) ?? null;
    this.#show({ n: number, bytes, arrivedAtMs: this.ring.arrivedAtMs(number), hello });
  }

  /** So many frames later than the shown one; earlier when negative. */
  step(frames: number): void {
    this.seek((this.cursor ?? this.ring.end - 1) + frames);
  }

  /** So much later than the shown frame, ms; earlier when negative. At least one frame. */
  skip(byMs: number): void {
    const from = this.cursor ?? this.ring.end - 1;
    const atMs = this.#then?.arrivedAtMs ?? this.ring.arrivedAtMs(from);
    const to = this.ring.firstSince(atMs + byMs);
    this.seek(byMs < 0 ? Math.min(to, from - 1) : Math.max(to, from + 1));
  }

  /** The frame that was the newest at `atMs`, page clock. */
  seekTime(atMs: number): void {
    const next = this.ring.firstSince(atMs);
    this.seek(this.ring.arrivedAtMs(next) === atMs ? next : next - 1);
  }

  #take(message: ServerMessage, bytes: Uint8Array, arrivedAtMs: number): void {
    if (message.type === "hello") this.#greeted(message.session);
    if (message.type !== "frame") return;
    const { hello } = this.#viewer.live;
    this.#newest = { bytes, arrivedAtMs, hello };
    const n = this.ring.push({ seq: message.seq, state: message.state, arrivedAtMs }, bytes);
    this.stimuli.push(n, this.ring.oldest, this.#viewer.live.stimuli.current);
    this.#hellos.push(n, this.ring.oldest, hello);
  }

  /** Another session may have another bundle: its page cannot show frames of the former one. */
  #greeted(session: string): void {
    if (session === this.#session) return;
    this.#session = session;
    this.ring.clear();
    this.stimuli.clear();
    this.#hellos.clear();
    this.#newest = null;
    this.live();
  }

  #show(then: (Message & { n: number }) | null): void {
    this.#then = then;
    this.#viewer.showThen(then && this.#stateOf(then));
    for (const listener of this.#listeners) listener();
  }

  #stateOf({ n, bytes, arrivedAtMs, hello }: Message & { n: number }) {
    const state = emptyState();
    const parsed = parseServerMessage(bytes);
    if (parsed.ok) applyMessage(state, parsed.message, arrivedAtMs);
    const stimuli = new StimulusTrack();
    stimuli.current = this.stimuli.at(n) ?? null;
    // For the raster, which stands still at the moment of freezing.
    const { live } = this.#viewer;
    stimuli.intervals = [...live.stimuli.intervals];
    // Of the bundle of then, on the connection of now.
    const said = hello && { ...(live.hello ?? hello), bundle: hello.bundle, guidance: hello.guidance };
    return { hello: said, frame: state.frame, latents: state.latents, stimuli, past: { arrivedAtMs } };
  }
}
