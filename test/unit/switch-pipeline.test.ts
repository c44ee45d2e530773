import fc from "fast-check";
import { Subject } from "rxjs";
import { describe, expect, test } from "vitest";
import type { Bundle } from "../../daemon/bundle.ts";
import type { DecoderHost, DecoderInfo, DecoderState } from "../../daemon/decoder/host.ts";
import { type Engine, Switchboard } from "../../daemon/switchboard.ts";
import { balances, Ledger } from "../../src/ledger.ts";
import { latest } from "../../src/ops/latest.ts";
import { recent, windowOf } from "../../src/ops/window.ts";
import type { Bin } from "../../src/signal/types.ts";

const LENGTHS = { one: 2, two: 5, three: 1 } as const;
type Name = keyof typeof LENGTHS;
const NAMES = Object.keys(LENGTHS) as Name[];
const zscore = { mean: [0], std: [1], clip: 1e9 };

const steps = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "bin" as const }) },
  { weight: 4, arbitrary: fc.constant({ do: "finish" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "fail" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("ask" as const), name: fc.constantFrom(...NAMES) }) },
  { weight: 2, arbitrary: fc.constant({ do: "ready" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "refuse" as const }) },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

interface Shown {
  readonly name: Name;
  readonly bin: number;
}

/** The way from bins to frames as the daemon has it, with decoders that answer, and load, when the script says so. */
class World {
  readonly ledger = new Ledger();
  readonly shown: (Shown | "exchange")[] = [];
  /** Bins that met a window that was too long for what there is of the source yet. */
  readonly tooFew: number[] = [];
  readonly board: Switchboard<Engine>;
  readonly #bin$ = new Subject<Bin>();
  #index = 0;
  #epoch = 0;
  #decoding: { shown: Shown; resolve: (shown: Shown | null) => void } | null = null;
  #loading: { ready: () => void; refuse: () => void } | null = null;

  constructor() {
    const bundles = NAMES.map((name) => ({ digest: name, manifest: { name, kind: "linear" } }) as unknown as Bundle);
    this.board = new Switchboard({ bundles, make: (bundle, onProgress) => this.#make(bundle, onProgress === null) });
    this.#bin$
      .pipe(
        recent(Math.max(...Object.values(LENGTHS))),
        latest(
          (kept) => this.#decode(kept),
          ({ bins }) => this.ledger.settle(bins.at(-1)!.index, "superseded"),
        ),
      )
      .subscribe((frame) => {
        if (frame === null) return;
        this.ledger.settle(frame.bin, "frames");
        this.shown.push(frame);
      });
  }

  get active(): Name {
    return this.board.active.bundle.manifest.name as Name;
  }

  play(step: Step): void {
    if (step.do === "bin") this.#next();
    if (step.do === "restart") this.#epoch++;
    if (step.do === "finish") this.#answer(true);
    if (step.do === "fail") this.#answer(false);
    if (step.do === "ready") this.#loading?.ready();
    if (step.do === "refuse") this.#loading?.refuse();
    if (step.do === "ask")
      this.board
        .switchTo(
          step.name,
          async () => {},
          () => this.shown.push("exchange"),
        )
        .catch(() => {});
  }

  #make(bundle: Bundle, isFirst: boolean): Engine {
    const { promise, resolve, reject } = Promise.withResolvers<DecoderInfo>();
    const host = {
      state: (isFirst ? "ready" : "starting") as DecoderState,
      start: () => promise,
      close: async () => {},
    };
    const ready = () => {
      host.state = "ready";
      resolve({} as DecoderInfo);
    };
    this.#loading = isFirst ? this.#loading : { ready, refuse: () => reject(new Error("no")) };
    return { bundle, host: host as unknown as DecoderHost };
  }

  #decode(kept: { bins: readonly Bin[]; silent: null | Uint8Array }): Promise<Shown | null> {
    return this.board.run(async (engine) => {
      const name = engine.bundle.manifest.name as Name;
      const window = windowOf(kept, { length: LENGTHS[name], zscore });
      const bin = kept.bins.at(-1)!.index;
      if (window === null) {
        this.ledger.settle(bin, "gated");
        this.tooFew.push(bin);
        return null;
      }
      expect(window.values.length).toBe(LENGTHS[name]);
      expect([...window.values]).toEqual(Array.from(window.values, (_, i) => bin - LENGTHS[name] + 1 + i));
      const shown = await new Promise<Shown | null>((resolve) => {
        this.#decoding = { shown: { name, bin }, resolve };
      });
      if (shown === null) this.ledger.settle(bin, "failed");
      return shown;
    });
  }

  #answer(well: boolean): void {
    const decoding = this.#decoding;
    this.#decoding = null;
    decoding?.resolve(well ? decoding.shown : null);
  }

  #next(): void {
    const index = this.#index++;
    this.ledger.open(index);
    this.#bin$.next({ index, epoch: this.#epoch, counts: Uint16Array.of(index) } as unknown as Bin);
  }
}

describe("bins on their way through switches of the bundle", () => {
  test("each is settled once at every instant, windows are the active bundle's, and frames of one never follow another's", async () => {
    const script = fc.array(steps, { minLength: 10, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(script, async (played) => {
        const world = new World();
        for (const step of played) {
          const before = world.active;
          world.play(step);
          await new Promise<void>((resolve) => setImmediate(resolve));
          await new Promise<void>((resolve) => setImmediate(resolve));
          const counts = world.ledger.counts();
          expect(balances(counts)).toBe(true);
          // One that is decoded and one that waits, at most.
          expect(counts.inFlight).toBeLessThanOrEqual(2);
          if (step.do === "bin" || step.do === "restart") expect(world.active).toBe(before);
        }
        const runs = world.shown.map((each) => (each === "exchange" ? each : each.name));
        for (const [i, name] of runs.entries())
          if (i > 0 && name !== "exchange" && runs[i - 1] !== "exchange") expect(name).toBe(runs[i - 1]);
        expect(runs.filter((each) => each === "exchange").length).toBe(world.board.switches);
        const bins = world.shown.flatMap((each) => (each === "exchange" ? [] : [each.bin]));
        expect(bins).toEqual([...bins].sort((a, b) => a - b));
      }),
      { numRuns: 150 },
    );
  });

  test("a longer window is there at once, of bins from before the switch", async () => {
    const world = new World();
    const play = async (...played: Step[]) => {
      for (const step of played) {
        world.play(step);
        await new Promise<void>((resolve) => setImmediate(resolve));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    };
    const frame: Step[] = [{ do: "bin" }, { do: "finish" }];
    await play({ do: "bin" }, ...frame, ...frame, ...frame, ...frame);
    await play({ do: "ask", name: "two" }, { do: "ready" });
    expect(world.active).toBe("two");
    await play(...frame);
    expect(world.tooFew).toEqual([0]);
    expect(world.shown.slice(-2)).toEqual(["exchange", { name: "two", bin: 5 }]);
  });
});
