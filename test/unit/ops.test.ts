import { delay, filter, map, type Observable, Subject } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { describe, expect, test } from "vitest";
import { bin } from "../../src/ops/bin.ts";
import { latest } from "../../src/ops/latest.ts";
import { liveness } from "../../src/ops/liveness.ts";
import { normalise, recent, type WindowShape, windowOf } from "../../src/ops/window.ts";
import { Binner } from "../../src/signal/binner.ts";
import type { Bin, SourceMessage, Window } from "../../src/signal/types.ts";
import { block } from "./helpers.ts";

const virtual = () => new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted));

describe("bin", () => {
  test("closes bins of a silent source by a timer, one bin width apart", () => {
    const scheduler = virtual();
    scheduler.run(({ cold, expectObservable }) => {
      const binner = new Binner({ source: "rig", units: 2, widthMs: 20, latenessMs: 4, silenceMs: 60 });
      const source$ = cold<SourceMessage>("a 119ms |", { a: block([[0, 0]], 0) });
      const bins$ = source$.pipe(
        bin(binner, scheduler),
        map(({ index, closedBy }) => `${index} ${closedBy}`),
      );
      expectObservable(bins$).toBe("85ms a 19ms b 14ms |", { a: "0 silence", b: "1 silence" });
    });
  });

  test("what waited unread while our own loop was late is read before a bin is closed for silence", () => {
    const scheduler = virtual();
    scheduler.run(({ cold, expectObservable }) => {
      const binner = new Binner({ source: "rig", units: 2, widthMs: 20, latenessMs: 4, silenceMs: 60 });
      const blocks = {
        a: block([[0, 0]], 0),
        b: block(
          [
            [0.01, 1],
            [0.05, 1],
          ],
          84,
        ),
      };
      const bins$ = cold<SourceMessage>("a 83ms b", blocks).pipe(
        delay(0.5, scheduler),
        bin(binner, scheduler),
        map(({ index, closedBy, spikes }) => `${index} ${closedBy} ${spikes}`),
      );
      expectObservable(bins$, "90ms !").toBe("84.5ms (ab)", { a: "0 source 2", b: "1 source 0" });
    });
  });
});

describe("latest", () => {
  test("keeps only the newest value while work runs, and tells what it replaced", async () => {
    const superseded: number[] = [];
    const done: number[] = [];
    const gates = new Map<number, () => void>();
    const source$ = new Subject<number>();
    const work = (value: number) => new Promise<number>((resolve) => gates.set(value, () => resolve(value)));
    source$.pipe(latest(work, (value) => superseded.push(value))).subscribe((value) => done.push(value));
    for (const value of [1, 2, 3, 4]) source$.next(value);
    expect([...gates.keys()]).toEqual([1]);
    expect(superseded).toEqual([2, 3]);
    gates.get(1)!();
    await new Promise(setImmediate);
    expect([...gates.keys()]).toEqual([1, 4]);
    gates.get(4)!();
    await new Promise(setImmediate);
    expect(done).toEqual([1, 4]);
  });

  test("what waits at unsubscribe is superseded, and completion waits for the last", async () => {
    const superseded: number[] = [];
    const source$ = new Subject<number>();
    const subscription = source$
      .pipe(
        latest(
          () => new Promise(() => {}),
          (v) => superseded.push(v),
        ),
      )
      .subscribe();
    source$.next(1);
    source$.next(2);
    subscription.unsubscribe();
    expect(superseded).toEqual([2]);
    const events: string[] = [];
    const other$ = new Subject<number>();
    const finished = new Promise<void>((resolve) => {
      other$
        .pipe(
          latest(
            async (v) => v,
            () => {},
          ),
        )
        .subscribe({
          next: (value) => events.push(`next ${value}`),
          complete: () => {
            events.push("complete");
            resolve();
          },
        });
    });
    other$.next(7);
    other$.complete();
    await finished;
    expect(events).toEqual(["next 7", "complete"]);
  });
});

describe("liveness", () => {
  const connection = (state: "connected" | "disconnected"): SourceMessage => ({
    kind: "connection",
    source: "rig",
    state,
    detail: "",
    receivedAtMs: 0,
  });
  const spikes = Array.from({ length: 20_000 }, (): [number, number] => [0, 0]);
  const symbols = { l: "live", x: "lost" };

  test("a source of a high rate is lost after the shortest silence, and live with the next message", () => {
    virtual().run(({ cold, expectObservable }) => {
      const source$ = cold("a 29ms a 99ms a", { a: block(spikes, 0) });
      expectObservable(source$.pipe(liveness(40))).toBe("l 70ms x 58ms l 40ms x", symbols);
    });
  });

  test("sparse spikes are no false alarm: the limit follows the source's own rate", () => {
    virtual().run(({ cold, expectObservable }) => {
      const source$ = cold("a 499ms b 499ms c", {
        a: block(spikes.slice(0, 200), 0),
        b: block(spikes.slice(0, 2), 500),
        c: block(spikes.slice(0, 2), 1000),
      });
      expectObservable(source$.pipe(liveness(40)), "1500ms !").toBe("l", symbols);
    });
  });

  test("a sparse source whose connection is gone is lost after the shortest silence", () => {
    virtual().run(({ cold, expectObservable }) => {
      const source$ = cold("a 9ms d", { a: block(spikes.slice(0, 2), 0), d: connection("disconnected") });
      expectObservable(source$.pipe(liveness(40))).toBe("l 50ms x", symbols);
    });
  });

  test("connection messages alone are no data", () => {
    virtual().run(({ cold, expectObservable }) => {
      const source$ = cold("c 99ms d", { c: connection("connected"), d: connection("disconnected") });
      expectObservable(source$.pipe(liveness(40))).toBe("", symbols);
    });
  });
});

describe("window", () => {
  const zscore = { mean: [1, 0], std: [2, 1], clip: 3 };
  const makeBin = (index: number, epoch: number): Bin => ({
    index,
    source: "rig",
    startS: index * 0.02,
    endS: (index + 1) * 0.02,
    counts: Uint16Array.of(index, 2 * index),
    spikes: 0,
    spikeUnits: new Uint16Array(),
    spikeOffsetsMs: new Float32Array(),
    lastSpikeAtMs: 0,
    arrivedAtMs: 0,
    closedAtMs: 0,
    closedBy: "source",
    epoch,
  });

  /** Windows of what `shape` says at each bin, of as many bins as are kept. */
  const windows = (bin$: Observable<Bin>, capacity: number, shape: () => WindowShape): Observable<Window> =>
    bin$.pipe(
      recent(capacity),
      map((kept) => windowOf(kept, shape())),
      filter((made) => made !== null),
    );

  test("slides over the last bins, oldest first, and not over a restart", () => {
    const made: Window[] = [];
    const source$ = new Subject<Bin>();
    windows(source$, 2, () => ({ length: 2, zscore })).subscribe((w) => made.push(w));
    for (const b of [makeBin(0, 0), makeBin(1, 0), makeBin(2, 0), makeBin(3, 1), makeBin(4, 1)]) source$.next(b);
    expect(made.map(({ first, last }) => [first.index, last.index])).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
    ]);
    expect([...made[1]!.counts]).toEqual([1, 2, 2, 4]);
  });

  test("two subscribers do not share a window", () => {
    const source$ = new Subject<Bin>();
    const windows$ = windows(source$, 2, () => ({ length: 2, zscore }));
    const seen: number[] = [];
    windows$.subscribe((w) => seen.push(w.last.index));
    source$.next(makeBin(0, 0));
    windows$.subscribe((w) => seen.push(100 + w.last.index));
    source$.next(makeBin(1, 0));
    expect(seen).toEqual([1]);
  });

  test("a longer window, with another normalisation, is made of bins from before it was asked for", () => {
    const made: Window[] = [];
    let shape: WindowShape = { length: 1, zscore };
    const source$ = new Subject<Bin>();
    windows(source$, 3, () => shape).subscribe((w) => made.push(w));
    for (const index of [0, 1, 2, 3]) source$.next(makeBin(index, 0));
    shape = { length: 3, zscore: { ...zscore, mean: [4, 8] } };
    source$.next(makeBin(4, 0));
    shape = { length: 2, zscore };
    source$.next(makeBin(5, 0));
    expect(made.map(({ first, last }) => [first.index, last.index])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [2, 4],
      [4, 5],
    ]);
    expect([...made[4]!.values]).toEqual([-1, -3, -0.5, -2, 0, 0]);
  });

  test.each([0, 1.5])("keeps no %d bins", (capacity) => {
    expect(() => recent(capacity)).toThrow("[PARAMETER_INVALID] window: expected a whole number of bins from 1");
  });

  test("z-scores per unit and clips", () => {
    expect([...normalise(Float32Array.of(3, 2, 1, 50), zscore)]).toEqual([1, 2, 0, 3]);
  });
});
