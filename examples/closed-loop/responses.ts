import type { Latents, Spikes } from "../../clients/ts/index.ts";

/** Bins and latents that are kept: more than any response is long. */
const KEPT = 64;
/** A frame tells of a picture when its window lies in the picture's response by at least this part. */
const LEAST_OVERLAP = 0.5;

/** When something was, on the source's clock, s. */
export interface Span {
  readonly fromS: number;
  readonly toS: number;
}

/** What came back from one picture. */
export interface Response {
  /** Spikes of every unit in the span. */
  readonly counts: Uint32Array;
  /** Posterior means of the frame whose window lies in the span best; null when latents were not wanted. */
  readonly mu: Float32Array | null;
}

/** The last bins and latents as they come, and what they say of a span of time. */
export class Responses {
  readonly #units: number;
  readonly #withLatents: boolean;
  #bins: Spikes[] = [];
  #latents: Latents[] = [];

  constructor(units: number, withLatents: boolean) {
    this.#units = units;
    this.#withLatents = withLatents;
  }

  bin(bin: Spikes): void {
    const newest = this.#bins.at(-1);
    // The source began anew: its time too.
    if (newest !== undefined && bin.startS < newest.startS) this.forget();
    this.#bins = [...this.#bins, bin].slice(-KEPT);
  }

  latents(latents: Latents): void {
    this.#latents = [...this.#latents, latents].slice(-KEPT);
  }

  forget(): void {
    this.#bins = [];
    this.#latents = [];
  }

  /** How far the source's time has come, s. */
  get untilS(): number {
    const newest = this.#bins.at(-1);
    return newest === undefined ? Number.NEGATIVE_INFINITY : newest.startS + newest.widthMs / 1_000;
  }

  /** Undefined while the span is not over; null when not all of it came: this reader was too slow, or no frame was decoded. */
  read(span: Span): Response | null | undefined {
    if (this.untilS < span.toS || (this.#withLatents && this.#decodedS() < span.toS)) return undefined;
    const counts = this.#count(span);
    const mu = this.#withLatents ? this.#best(span) : null;
    return counts === null || (this.#withLatents && mu === null) ? null : { counts, mu };
  }

  #count({ fromS, toS }: Span): Uint32Array | null {
    const inside = this.#bins.filter(({ startS, widthMs }) => startS < toS && startS + widthMs / 1_000 > fromS);
    const [first, last] = [inside[0], inside.at(-1)];
    if (first === undefined || last === undefined || first.startS > fromS) return null;
    if (last.index - first.index !== inside.length - 1) return null;
    const counts = new Uint32Array(this.#units);
    for (const { startS, units, offsetsMs } of inside)
      for (const [i, unit] of units.entries()) {
        const atS = startS + (offsetsMs[i] ?? 0) / 1_000;
        if (atS >= fromS && atS < toS) counts[unit]!++;
      }
    return counts;
  }

  /** End of the newest window that was decoded, s. */
  #decodedS(): number {
    const newest = this.#latents.at(-1);
    return newest === undefined ? Number.NEGATIVE_INFINITY : this.#windowOf(newest).toS;
  }

  #best(span: Span): Float32Array | null {
    let [best, most] = [null as Float32Array | null, LEAST_OVERLAP];
    for (const latents of this.#latents) {
      const window = this.#windowOf(latents);
      const shared = Math.min(window.toS, span.toS) - Math.max(window.fromS, span.fromS);
      const overlap = shared / Math.min(window.toS - window.fromS, span.toS - span.fromS);
      if (latents.held === null && overlap > most) [best, most] = [latents.mu, overlap];
    }
    return best;
  }

  /** Bins lie on a grid: any one of them says where all are. */
  #windowOf({ bins }: Latents): Span {
    const known = this.#bins.at(-1);
    if (known === undefined) return { fromS: Number.NaN, toS: Number.NEGATIVE_INFINITY };
    const edgeS = (index: number) => known.startS + ((index - known.index) * known.widthMs) / 1_000;
    return { fromS: edgeS(bins[0]), toS: edgeS(bins[1] + 1) };
  }
}
