import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { Subscription } from "rxjs";
import type { Config } from "../src/config.ts";
import { StepBudget } from "../src/decode/budget.ts";
import { Ledger } from "../src/ledger.ts";
import { type Liveness, liveness } from "../src/ops/liveness.ts";
import type { FrameBody } from "../src/protocol/messages.ts";
import { Binner } from "../src/signal/binner.ts";
import type { Bin, SourceMessage } from "../src/signal/types.ts";
import { sayBacklog, sayDecoder, sayLiveness, sayRecordingStopped } from "./announce.ts";
import { type Bundle, readBundle } from "./bundle.ts";
import { decodeStage } from "./decode-stage.ts";
import type { ReadyInfo } from "./decoder/ipc.ts";
import { DecoderSupervisor } from "./decoder/supervisor.ts";
import { daemonEvent, spikesBody, toEventBody } from "./events.ts";
import { FrameWriter } from "./frames.ts";
import { helloBody } from "./hello.ts";
import { LatencyRecorder } from "./latency.ts";
import { whenIdle } from "./lockstep.ts";
import { monotonicMs, schedulerOn } from "./monotonic.ts";
import { type Outputs, openOutputs } from "./outputs.ts";
import { pipeline } from "./pipeline.ts";
import type { OpenSink } from "./recorder/file-sink.ts";
import { openRecorder } from "./recorder/open.ts";
import type { Recorder } from "./recorder/recorder.ts";
import { createServer, type PhospheneServer } from "./server/index.ts";
import { openSources } from "./sources.ts";
import { statusBody } from "./status.ts";

export interface Daemon {
  readonly address: { readonly host: string; readonly port: number };
  readonly ready: ReadyInfo;
  /** Resolves with the reason when nothing can be decoded any more; the daemon is then to be closed. */
  readonly failed: Promise<unknown>;
  /** Stops in order: source, decoder, server. Resolves when nothing is left. */
  close(): Promise<void>;
}

const VIEWER_DIR = fileURLToPath(new URL("../clients/viewer/dist", import.meta.url));
/** Kept free after the model for serialising and writing, ms. */
const RESERVE_MS = 2;
/** A source that is silent for this many bins is lost. */
const LOST_AFTER_BINS = 2;

/** Starts everything: verifies the bundle, starts the decoder, listens, connects to the source. Rejects with a coded error. */
export async function startDaemon(config: Config, log: Logger, openSink?: OpenSink): Promise<Daemon> {
  const bundle = await readBundle(config.bundle);
  const originMs = monotonicMs();
  const now = () => monotonicMs() - originMs;
  const parts = makeParts(config, bundle, log, now);
  const { supervisor } = parts;
  try {
    const onStopped = (detail: string) => sayRecordingStopped(parts, detail);
    parts.recorder = await openRecorder({ ...parts, onStopped, ...(openSink && { openSink }) });
    parts.outputs = await openOutputs(config, helloBody(bundle, config, parts.session, now()), now);
    const server = await listen(parts);
    parts.server = server;
    const ready = await supervisor.start();
    const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();
    const running = run(parts, server, { ready, originMs, fail });
    return { address: server.address, ready, failed, close: () => close(running, parts, server) };
  } catch (error) {
    await supervisor.close();
    await parts.server?.close();
    await parts.recorder?.close();
    await parts.outputs?.close();
    throw error;
  }
}

type Parts = ReturnType<typeof makeParts>;

function makeParts(config: Config, bundle: Bundle, log: Logger, now: () => number) {
  const { units, bins, latents } = bundle.manifest;
  const { stallMs, solver, maxSteps, guidance, seed, threads } = config.decode;
  const ledger = new Ledger();
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
  const state = {
    config,
    bundle,
    log,
    now,
    session: randomUUID(),
    ledger,
    latency: new LatencyRecorder(),
    scheduler,
    binner: new Binner({ source: source.name, units: units.count, widthMs: bins.widthMs, ...closing }),
    source,
    supervisor: new DecoderSupervisor({
      load: { dir: bundle.dir, solver, maxSteps, guidance, seed, threads },
      stallMs,
      onState: (decoder, detail) => sayDecoder(state, decoder, detail),
      onProgress: (message) => log.info(`decoder: ${message}`),
    }),
    steering: latents.groups.map(() => 0),
    budget: null as StepBudget | null,
    server: null as PhospheneServer | null,
    recorder: null as Recorder | null,
    outputs: null as Outputs | null,
    writer: null as FrameWriter | null,
  };
  return state;
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
    onShown: (seq, atMs) => {
      parts.writer?.shown(seq, atMs);
      parts.outputs?.shown(seq, atMs);
    },
  });
}

function status(parts: Parts) {
  const viewers = parts.server?.viewers() ?? {
    viewers: [],
    viewerTotals: { connected: 0, offered: 0, sent: 0, dropped: 0, queued: 0 },
  };
  return statusBody({ ...parts, viewers, nowMs: parts.now() });
}

interface Start {
  readonly ready: ReadyInfo;
  readonly originMs: number;
  /** The pipeline ended. */
  readonly fail: (reason: unknown) => void;
}

/** Connects the source to the pipeline and the pipeline to the viewers. */
function run(parts: Parts, server: PhospheneServer, start: Start): Subscription {
  const { ready, originMs, fail } = start;
  const { config, bundle, ledger, latency, binner, source, supervisor, recorder, now, log } = parts;
  const { manifest, digest } = bundle;
  const { budgetMs, maxSteps, seed, everyBins } = config.decode;
  const costMs = new Map(Object.entries(ready.costMs).map(([k, ms]) => [Number(k), ms]));
  const budget = new StepBudget({ costMs, maxSteps, reserveMs: RESERVE_MS });
  const write = (frame: FrameBody) => {
    const writtenMs = server.publishFrame(frame);
    recorder?.frame(frame, writtenMs);
    parts.outputs?.frame(frame, writtenMs);
    return writtenMs;
  };
  const writer = new FrameWriter({ ledger, latency, now, write });
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
    scheduler: parts.scheduler,
    ledger,
    windowBins: manifest.bins.window,
    zscore: manifest.normalisation,
    everyBins,
    live: () => source.status().state === "live",
    silent: () => source.silent(),
    // After the window was dispatched: rasters must not delay pictures.
    onBin: (bin: Bin) => setImmediate(() => server.publishSpikes(spikesBody(bin))),
    decode,
  });
  const subscription = new Subscription();
  // The first to subscribe, so that nothing comes before it.
  if (recorder !== null) subscription.add(source.message$.subscribe((message) => recorder.message(message)));
  const lostAfterMs = LOST_AFTER_BINS * manifest.bins.widthMs;
  subscription.add(source.watch$.subscribe());
  subscription.add(source.message$.pipe(liveness(lostAfterMs)).subscribe((state) => onLiveness(parts, state)));
  subscription.add(source.message$.subscribe((message) => onMessage(parts, server, message)));
  subscription.add(
    frames$.subscribe({
      next: (frame) => writer.write(frame),
      error: (error: unknown) => {
        log.fatal({ error: String(error) }, "the pipeline ended");
        fail(error);
      },
    }),
  );
  return subscription;
}

function onLiveness(parts: Parts, state: Liveness): void {
  parts.source.setLiveness(state);
  sayLiveness(parts, "source", state);
}

function onMessage({ source }: Parts, server: PhospheneServer, message: SourceMessage): void {
  if (message.kind === "event") server.publishEvent(toEventBody(message, (id) => server.stimulusUrl(id)));
  if (message.kind === "connection") source.setDetail(`${message.state}: ${message.detail}`);
}

async function close(running: Subscription, parts: Parts, server: PhospheneServer): Promise<void> {
  const { supervisor, recorder, log } = parts;
  log.info("stopping: source");
  running.unsubscribe();
  log.info("stopping: decoder");
  await supervisor.close();
  await recorder?.close();
  await parts.outputs?.close();
  log.info("stopping: server");
  await server.close();
}
