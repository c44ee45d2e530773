import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Config } from "../src/config.ts";
import { FrameBudget } from "../src/decode/frame-budget.ts";
import { Ledger } from "../src/ledger.ts";
import { Binner } from "../src/signal/binner.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { sayBacklog, sayLiveness } from "./announce.ts";
import type { Bundle } from "./bundle.ts";
import { type Engine, makeEngine } from "./engine.ts";
import { EventBook } from "./event-book.ts";
import { FrameWriter } from "./frames.ts";
import { guidanceRange } from "./hello.ts";
import { LatencyRecorder } from "./latency.ts";
import { whenIdle } from "./lockstep.ts";
import { monotonicMs, schedulerOn } from "./monotonic.ts";
import type { Outputs } from "./outputs.ts";
import type { Placement } from "./placement.ts";
import type { Presenter } from "./present.ts";
import type { Recorder } from "./recorder/recorder.ts";
import type { PhospheneServer } from "./server/index.ts";
import { openSources } from "./sources.ts";
import { Steering } from "./steering.ts";
import { Switchboard } from "./switchboard.ts";
import { TraceRing } from "./trace.ts";
import { writeFrame } from "./write-frame.ts";

/** A source that is silent for this many bins is lost. */
export const LOST_AFTER_BINS = 2;

/** What a daemon is made of. */
export type Parts = ReturnType<typeof makeParts>;

/** Makes the parts, unconnected: nothing runs, nothing listens. The first of `bundles` is active. `originMs` is the daemon's 0 on the machine's monotonic clock, `placement` the decoder process's. */
export function makeParts(
  config: Config,
  bundles: readonly [Bundle, ...Bundle[]],
  log: Logger,
  originMs: number,
  placement: Placement,
) {
  const { units, bins, latents } = bundles[0].manifest;
  const now = () => monotonicMs() - originMs;
  const trace = new TraceRing(config.trace.bins, now);
  const ledger = new Ledger((index, outcome, note) => trace.settled(index, outcome, note));
  const scheduler = schedulerOn(now);
  const source = openSources({
    config,
    unitLabels: units.labels,
    widthMs: bins.widthMs,
    scheduler,
    lostAfterMs: LOST_AFTER_BINS * bins.widthMs,
    onLiveness: (name, liveness) => sayLiveness(state, `source ${name}`, liveness),
    clock: () => state.binner.clock,
    onBacklog: (name, change) => sayBacklog(state, name === null ? "source" : `source ${name}`, change),
    context: {
      now,
      request$: whenIdle(ledger),
      log: (level, message, fields) => log[level](fields ?? {}, message),
    },
  });
  const closing = source.followsWall ? config.bins : { ...config.bins, silenceMs: Number.POSITIVE_INFINITY };
  // Where the source does not follow the wall, there is no time between two frames to keep to.
  const budget = makeBudget(config, source.followsWall ? bins.widthMs : Number.POSITIVE_INFINITY);
  const latency = new LatencyRecorder();
  const changes = new Acknowledgements();
  const { lateFrames, noTime } = config.decode;
  const state = {
    config,
    log,
    placement,
    widthMs: bins.widthMs,
    /** As many as the longest window of any bundle. */
    keptBins: Math.max(...bundles.map(({ manifest }) => manifest.bins.window)),
    now,
    originMs,
    trace,
    session: randomUUID(),
    ledger,
    latency,
    scheduler,
    binner: new Binner({ source: source.name, units: units.count, widthMs: bins.widthMs, ...closing }),
    source,
    /** How often the source was lost: what a decoder remembers is of before. */
    losses: 0,
    events: new EventBook((event) => state.outputs?.event(event)),
    changes,
    steering: new Steering(latents.groups.length, guidanceRange(bundles[0].manifest, config), changes),
    switchboard: new Switchboard<Engine>({
      bundles,
      make: (bundle, onProgress): Engine => makeEngine(state, bundle, onProgress),
    }),
    presenter: null as Presenter | null,
    budget,
    server: null as PhospheneServer | null,
    recorder: null as Recorder | null,
    outputs: null as Outputs | null,
    writer: new FrameWriter({
      ...{ ledger, latency, budget, lateFrames, noTime, now },
      write: (frame, expiresAtMs): number => writeFrame(state, frame, expiresAtMs),
    }),
  };
  return state;
}

function makeBudget({ decode }: Config, widthMs: number): FrameBudget {
  const { budgetMs, shares, maxSteps, everyBins } = decode;
  return new FrameBudget({ totalMs: budgetMs, shares, maxSteps, cadenceMs: everyBins * widthMs });
}
