// `node bench/budget-simulation.ts`: ways to choose the number of steps, on simulated machines (docs/decisions.md, D-028). No clock, no processes: the same
// seeds for all of them, 60,000 bins (40 minutes) each.
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { StepBudget } from "../src/decode/budget.ts";
import { LoadEstimate } from "../src/decode/load.ts";
import { RunningQuantiles } from "../src/decode/running-quantiles.ts";

const BINS = 60_000;
const CADENCE_MS = 40;
const LEFT_MS = 49;
/** Cost of k steps on a quiet machine of two cores, ms. */
const COSTS = new Map([
  [1, 12],
  [2, 23],
  [4, 45],
]);

interface Way {
  choose(leftMs: number): number | null;
  record(k: number, ms: number, leftMs: number): void;
}

const WAYS: Record<string, () => Way> = {
  "p95 of one load, nothing else (D-005)": () => {
    const load = new LoadEstimate(COSTS);
    const choose = (leftMs: number) => {
      const k = load.steps.findLast((each) => load.costMs(each) <= leftMs) ?? null;
      if (k === null) load.relax();
      return k;
    };
    return { choose, record: (k, ms) => load.record(k, ms) };
  },
  "p95 of every k for itself": () => {
    const own = new Map([...COSTS].map(([k, ms]) => [k, new RunningQuantiles(128, ms)]));
    const choose = (leftMs: number) => {
      const k = [...own.keys()].findLast((each) => own.get(each)!.at(0.95) <= leftMs) ?? null;
      if (k === null) for (const each of own.values()) each.forget(8);
      return k;
    };
    return { choose, record: (k, ms) => own.get(k)!.push(ms) };
  },
  "the step budget": () => {
    const budget = new StepBudget({
      ...{ costMs: COSTS, maxSteps: 4, totalMs: 50, modelMs: Number.POSITIVE_INFINITY, cadenceMs: CADENCE_MS },
    });
    return {
      choose: (leftMs) => budget.choose(leftMs).steps,
      record: (k, ms, leftMs) => budget.record(k, ms, leftMs),
    };
  },
};

type Random = () => number;
/** Cost of k steps for a bin, ms. */
type Machine = (k: number, bin: number, random: Random) => number;

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Cost scaled by a load, jitter in proportion, and now and then a wait for a core that does not depend on k. */
function machine(load: (bin: number) => number, jitter: number, waits: number, waitMs: number): Machine {
  return (k, bin, random) => {
    const wait = random() < waits ? -waitMs * Math.log(1 - random()) : 0;
    return COSTS.get(k)! * load(bin) * Math.exp(jitter * normal(random)) + wait;
  };
}

const quiet = machine(() => 1, 0.04, 0.02, 2);
const MACHINES: Record<string, Machine> = {
  quiet: quiet,
  "a neighbour on one core": machine(() => 1.6, 0.15, 0.3, 3),
  "a neighbour on both cores": machine(() => 2.6, 0.25, 0.5, 5),
  "a neighbour every other half minute": machine((bin) => (Math.floor(bin / 750) % 2 ? 1.6 : 1), 0.1, 0.1, 3),
  "rare long waits": machine(() => 1.4, 0.08, 0.02, 15),
  "2 steps just at the budget": machine(() => 1.95, 0.08, 0.1, 2),
  "a stall of 200 ms every two seconds": (k, bin, random) => (bin % 50 === 0 ? 200 : 0) + quiet(k, bin, random),
};

interface Result {
  readonly missed: number;
  readonly superseded: number;
  readonly meanSteps: number;
  readonly changes: number;
}

/** Bins close every CADENCE_MS; one waits at most while the model runs, the newest. Late pictures are misses, and so are bins without time. */
function run(way: Way, of: Machine): Result {
  const generator = xoroshiro128plus(1);
  const random = () => (generator.next() >>> 0) / 2 ** 32;
  let [freeMs, missed, superseded, steps, shown, changes, before] = [0, 0, 0, 0, 0, 0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    const closedMs = bin * CADENCE_MS;
    if (freeMs >= closedMs + CADENCE_MS) {
      superseded++;
      continue;
    }
    const startMs = Math.max(freeMs, closedMs);
    const leftMs = LEFT_MS - (startMs - closedMs);
    const k = way.choose(leftMs);
    if (k === null) {
      missed++;
      continue;
    }
    const ms = of(k, bin, random);
    freeMs = startMs + ms;
    way.record(k, ms, leftMs);
    if (ms > leftMs) missed++;
    [steps, shown] = [steps + k, shown + 1];
    if (before !== k) changes++;
    before = k;
  }
  return { missed, superseded, meanSteps: steps / shown, changes };
}

const percent = (part: number) => `${((100 * part) / BINS).toFixed(2)} %`;
const minutes = (BINS * CADENCE_MS) / 60_000;
process.stdout.write(
  "| machine | way | missed | superseded | steps, mean | changes a minute |\n|---|---|--:|--:|--:|--:|\n",
);
for (const [name, of] of Object.entries(MACHINES))
  for (const [way, make] of Object.entries(WAYS)) {
    const { missed, superseded, meanSteps, changes } = run(make(), of);
    const cells = [
      name,
      way,
      percent(missed),
      percent(superseded),
      meanSteps.toFixed(2),
      (changes / minutes).toFixed(1),
    ];
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
  }
