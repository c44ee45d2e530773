import type { Client, Picture } from "../../clients/ts/index.ts";
import { type Response, Responses } from "./responses.ts";

/** A trial that is not over by then will never be, ms. */
const PATIENCE_MS = 5_000;

export interface TrialOptions {
  /** How long a picture stays before the next one is sent, by the source's clock, ms. */
  readonly pictureMs: number;
  /** The response is what happens in this time after the onset, by the source's clock, ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly withLatents: boolean;
}

export interface Trial {
  readonly stimulus: string;
  readonly response: Response;
  /** From sending the picture to the word of the rig that it is on, ms. */
  readonly shownMs: number;
  /** From sending the picture to having its response in hand, ms. */
  readonly respondedMs: number;
}

interface Open {
  readonly picture: Picture;
  readonly resolve: (trial: Trial) => void;
  readonly reject: (error: unknown) => void;
  sentMs: number;
  stimulus: string | null;
  onset: { readonly atS: number; readonly knownMs: number } | null;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Shows pictures one after another and gathers the response to each. A picture is sent when the bins say that the one before has been on for
 * long enough; a response is read when the bins say that its time is over. Nothing sleeps: time is the source's.
 */
export class Trials {
  readonly #client: Client;
  readonly #options: TrialOptions;
  readonly #responses: Responses;
  readonly #waiting: Open[] = [];
  /** Sent, and without a response yet. */
  readonly #open = new Set<Open>();
  /** Onsets by stimulus, for the answer to `present` may come after the event. */
  readonly #onsets = new Map<string, { atS: number; knownMs: number }>();
  /** The picture that is on or about to be; null when the next one may be sent. */
  #current: Open | null = null;
  readonly #stops: (() => void)[];

  constructor(client: Client, units: number, options: TrialOptions) {
    this.#client = client;
    this.#options = options;
    this.#responses = new Responses(units, options.withLatents);
    this.#stops = [
      client.on("event", ({ stimulus, sourceS }) => {
        if (stimulus === null || sourceS === null) return;
        this.#onsets.set(stimulus.id, { atS: sourceS, knownMs: performance.now() });
        if (this.#onsets.size > 64) this.#onsets.delete([...this.#onsets.keys()][0] ?? "");
        this.#advance();
      }),
      client.on("spikes", (bin) => {
        this.#responses.bin(bin);
        this.#advance();
      }),
      client.on("session", () => this.#responses.forget()),
    ];
    if (options.withLatents)
      this.#stops.push(
        client.on("latents", (latents) => {
          this.#responses.latents(latents);
          this.#advance();
        }),
      );
  }

  /** Shows the picture after those that were asked for before. Rejects when it could not be shown, or its response did not come whole. */
  show(picture: Picture): Promise<Trial> {
    return new Promise((resolve, reject) => {
      const open = { picture, resolve, reject, sentMs: 0, stimulus: null, onset: null, timer: undefined };
      this.#waiting.push(open);
      this.#advance();
    });
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const open of [...this.#open, ...this.#waiting.splice(0)])
      this.#lose(open, new Error("the trials are closed"));
  }

  #advance(): void {
    for (const open of this.#open) {
      if (open.stimulus !== null) open.onset ??= this.#onsets.get(open.stimulus) ?? null;
      if (open.onset !== null) this.#read(open, open.onset);
    }
    const onsetS = this.#current?.onset?.atS;
    if (onsetS !== undefined && this.#responses.untilS >= onsetS + this.#options.pictureMs / 1_000)
      this.#current = null;
    if (this.#current === null) this.#send();
  }

  #send(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#current = next;
    this.#open.add(next);
    next.sentMs = performance.now();
    next.timer = setTimeout(() => this.#lose(next, new Error("the response did not come")), PATIENCE_MS);
    this.#client.present(next.picture).then(
      (stimulus) => {
        next.stimulus = stimulus;
        this.#advance();
      },
      (error: unknown) => this.#lose(next, error),
    );
  }

  #read(open: Open, { atS, knownMs }: { atS: number; knownMs: number }): void {
    const { fromMs, toMs } = this.#options;
    const response = this.#responses.read({ fromS: atS + fromMs / 1_000, toS: atS + toMs / 1_000 });
    if (response === undefined) return;
    if (response === null) {
      this.#lose(open, new Error("a part of the response is missing"));
      return;
    }
    this.#settle(open);
    const { sentMs, stimulus } = open;
    const [shownMs, respondedMs] = [knownMs - sentMs, performance.now() - sentMs];
    open.resolve({ stimulus: stimulus ?? "", response, shownMs, respondedMs });
  }

  #lose(open: Open, error: unknown): void {
    this.#settle(open);
    open.reject(error);
    if (this.#current === open) {
      this.#current = null;
      this.#send();
    }
  }

  #settle(open: Open): void {
    clearTimeout(open.timer);
    this.#open.delete(open);
  }
}
