import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { asyncScheduler, Subscription } from "rxjs";
import type { Config } from "../src/config.ts";
import { StepBudget } from "../src/decode/budget.ts";
import { Ledger } from "../src/ledger.ts";
import { liveness } from "../src/ops/liveness.ts";
import { Binner } from "../src/signal/binner.ts";
import type { Bin, SourceMessage } from "../src/signal/types.ts";
import { type Bundle, readBundle } from "./bundle.ts";
import { decodeStage } from "./decode-stage.ts";
import type { ReadyInfo } from "./decoder/ipc.ts";
import { type DecoderState, DecoderSupervisor } from "./decoder/supervisor.ts";
import { daemonEvent, spikesBody, toEventBody } from "./events.ts";
import { FrameWriter } from "./frames.ts";
import { helloBody } from "./hello.ts";
import { LatencyRecorder } from "./latency.ts";
import { monotonicMs } from "./monotonic.ts";
import { pipeline } from "./pipeline.ts";
import { createServer, type PhospheneServer } from "./server/index.ts";
import { openSource } from "./source.ts";
import { statusBody } from "./status.ts";

export interface Daemon {
  readonly address: { readonly host: string; readonly port: number };
  readonly ready: ReadyInfo;
  /** Stops in order: source, decoder, server. Resolves when nothing is left. */
  close(): Promise<void>;
}

const VIEWER_DIR = fileURLToPath(new URL("../clients/viewer/dist", import.meta.url));
/** Kept free after the model for serialising and writing, ms. */
const RESERVE_MS = 2;
/** A source that is silent for this many bins is lost. */
const LOST_AFTER_BINS = 2;

/** Starts everything: verifies the bundle, starts the decoder, listens, connects to the source. Rejects with a coded error. */
export async function startDaemon(config: Config, log: Logger): Promise<Daemon> {
  const bundle = await readBundle(config.bundle);
  const originMs = monotonicMs();
  const now = () => monotonicMs() - originMs;
  const parts = makeParts(config, bundle, log, now);
  const { supervisor } = parts;
  try {
    const server = await listen(parts);
    parts.server = server;
    const ready = await supervisor.start();
    const running = run(parts, server, ready, originMs);
    return { address: server.address, ready, close: () => close(running, supervisor, server, log) };
  } catch (error) {
    await supervisor.close();
    await parts.server?.close();
    throw error;
  }
}

type Parts = ReturnType<typeof makeParts>;

function makeParts(config: Config, bundle: Bundle, log: Logger, now: () => number) {
  const { units, bins, latents } = bundle.manifest;
  const { stallMs, maxSteps, seed, threads, solver } = config.decode;
  const state = {
    config,
    bundle,
    log,
    now,
    session: randomUUID(),
    ledger: new Ledger(),
    latency: new LatencyRecorder(),
    binner: new Binner({ source: config.source.name, units: units.count, widthMs: bins.widthMs, ...config.bins }),
    source: openSource(config.source, {
      unitLabels: units.labels,
      now,
      log: (level, message, fields) => log[level](fields ?? {}, message),
    }),
    supervisor: new DecoderSupervisor({
      load: { dir: bundle.dir, solver, maxSteps, seed, threads },
      stallMs,
      onState: (decoder, detail) => onDecoderState(state, decoder, detail),
      onProgress: (message) => log.info(`decoder: ${message}`),
    }),
    steering: latents.groups.map(() => 0),
    budget: null as StepBudget | null,
    server: null as PhospheneServer | null,
    writer: null as FrameWriter | null,
  };
  return state;
}

function onDecoderState({ server, log, now }: Parts, state: DecoderState, detail: string): void {
  log[state === "ready" ? "info" : "warn"](`decoder ${state}: ${detail}`);
  server?.publishEvent(daemonEvent(`decoder ${state}`, now()));
}

function listen(parts: Parts): Promise<PhospheneServer> {
  const { config, bundle, log, now } = parts;
  return createServer({
    host: config.server.host,
    port: config.server.port,
    viewerDir: VIEWER_DIR,
    stimuliDir: config.stimuli,
    limits: { maxViewers: config.server.maxViewers, maxMessageBytes: 65_536, messagesPerSecond: 200 },
    hello: () => helloBody(bundle, config, parts.session, now()),
    status: () => status(parts),
    ready: () => parts.supervisor.state === "ready",
    now,
    log,
    onSteer: (gamma) => {
      if (gamma.length !== parts.steering.length) return;
      parts.steering = [...gamma];
      parts.server?.publishEvent(daemonEvent("steering", now()));
    },
    onShown: (seq, atMs) => parts.writer?.shown(seq, atMs),
  });
}

function status(parts: Parts) {
  const viewers = parts.server?.viewers() ?? {
    viewers: [],
    viewerTotals: { connected: 0, offered: 0, sent: 0, dropped: 0, queued: 0 },
  };
  return statusBody({ ...parts, viewers, nowMs: parts.now() });
}

/** Connects the source to the pipeline and the pipeline to the viewers. */
function run(parts: Parts, server: PhospheneServer, ready: ReadyInfo, originMs: number): Subscription {
  const { config, bundle, ledger, latency, binner, source, supervisor, now, log } = parts;
  const { manifest, digest } = bundle;
  const { budgetMs, maxSteps, seed, everyBins } = config.decode;
  const costMs = new Map(Object.entries(ready.costMs).map(([k, ms]) => [Number(k), ms]));
  const budget = new StepBudget({ costMs, maxSteps, reserveMs: RESERVE_MS });
  const writer = new FrameWriter({ ledger, latency, now, write: (frame) => server.publishFrame(frame) });
  Object.assign(parts, { budget, writer });
  const decode = decodeStage({
    supervisor,
    budget,
    ledger,
    clock: binner.clock,
    manifest,
    digest,
    budgetMs,
    seed,
    fromMonotonic: (ms) => ms - originMs,
    now,
    steering: () => parts.steering,
    onFailure: (error) => log.debug({ error: String(error) }, "window failed"),
  });
  const frames$ = pipeline(source.message$, {
    binner,
    scheduler: schedulerOn(now),
    ledger,
    windowBins: manifest.bins.window,
    zscore: manifest.normalisation,
    everyBins,
    live: () => source.status().state === "live",
    // After the window was dispatched: rasters must not delay pictures.
    onBin: (bin: Bin) => setImmediate(() => server.publishSpikes(spikesBody(bin))),
    decode,
  });
  const subscription = new Subscription();
  const lostAfterMs = LOST_AFTER_BINS * manifest.bins.widthMs;
  subscription.add(source.message$.pipe(liveness(lostAfterMs)).subscribe((state) => onLiveness(parts, server, state)));
  subscription.add(source.message$.subscribe((message) => onMessage(parts, server, message)));
  subscription.add(
    frames$.subscribe({
      next: (frame) => writer.write(frame),
      error: (error: unknown) => log.fatal({ error: String(error) }, "the pipeline ended"),
    }),
  );
  return subscription;
}

/** RxJS timers on the daemon's clock, so that bins and messages are timed alike. */
function schedulerOn(now: () => number) {
  const scheduler = Object.create(asyncScheduler) as typeof asyncScheduler;
  scheduler.now = now;
  return scheduler;
}

function onLiveness({ source, log, now }: Parts, server: PhospheneServer, state: "live" | "lost"): void {
  source.setLiveness(state);
  log[state === "live" ? "info" : "warn"](`source: ${state}`);
  server.publishEvent(daemonEvent(`source ${state}`, now()));
}

function onMessage({ source }: Parts, server: PhospheneServer, message: SourceMessage): void {
  if (message.kind === "event") server.publishEvent(toEventBody(message, (id) => server.stimulusUrl(id)));
  if (message.kind === "connection") source.setDetail(`${message.state}: ${message.detail}`);
}

async function close(
  running: Subscription,
  supervisor: DecoderSupervisor,
  server: PhospheneServer,
  log: Logger,
): Promise<void> {
  log.info("stopping: source");
  running.unsubscribe();
  log.info("stopping: decoder");
  await supervisor.close();
  log.info("stopping: server");
  await server.close();
}
