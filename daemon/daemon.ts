import type { Logger } from "pino";
import { Subscription } from "rxjs";
import type { Config } from "../src/config.ts";
import { type Liveness, liveness } from "../src/ops/liveness.ts";
import type { FrameBody } from "../src/protocol/messages.ts";
import type { Bin, SourceMessage } from "../src/signal/types.ts";
import { sayLiveness, sayRecordingStopped } from "./announce.ts";
import { readBundle } from "./bundle.ts";
import { type Drafted, decodeStage } from "./decode-stage.ts";
import type { DecoderInfo } from "./decoder/host.ts";
import { deferEngineThreads } from "./engine-threads.ts";
import { spikesBody, toEventBody } from "./events.ts";
import { FrameWriter } from "./frames.ts";
import { helloBody } from "./hello.ts";
import { listen } from "./listen.ts";
import { monotonicMs } from "./monotonic.ts";
import { openOutputs } from "./outputs.ts";
import { LOST_AFTER_BINS, makeParts, type Parts } from "./parts.ts";
import { pipeline } from "./pipeline.ts";
import { placeDaemon } from "./place-daemon.ts";
import { openPresenter } from "./present.ts";
import type { OpenSink } from "./recorder/file-sink.ts";
import { openRecorder } from "./recorder/open.ts";
import { rehearse } from "./rehearse.ts";
import type { PhospheneServer } from "./server/index.ts";
import { holdWakeLatency } from "./wake-latency.ts";

export interface Daemon {
  readonly address: { readonly host: string; readonly port: number };
  /** Of the page. */
  readonly url: string;
  readonly ready: DecoderInfo;
  /** Resolves with the reason when nothing can be decoded any more; the daemon is then to be closed. */
  readonly failed: Promise<unknown>;
  /** Stops in order: source, decoder, server. Resolves when nothing is left. */
  close(): Promise<void>;
}

/** Starts everything: verifies the bundle, starts the decoder, listens, connects to the source. Rejects with a coded error. */
export async function startDaemon(config: Config, log: Logger, openSink?: OpenSink): Promise<Daemon> {
  const placement = await placeDaemon(config.process);
  deferEngineThreads();
  const bundle = await readBundle(config.bundle);
  const originMs = monotonicMs();
  const { wakeUs } = config.decode;
  const letSleep = wakeUs === null ? () => {} : holdWakeLatency(wakeUs);
  const parts = makeParts(config, bundle, log, originMs, placement);
  const { supervisor, now } = parts;
  try {
    const onStopped = (detail: string) => sayRecordingStopped(parts, detail);
    parts.recorder = await openRecorder({ ...parts, onStopped, ...(openSink && { openSink }) });
    parts.outputs = await openOutputs(
      config,
      { bundle: helloBody(bundle, config, parts.session, now()).bundle, session: parts.session },
      now,
      log,
    );
    const { endpoint } = config.present;
    parts.presenter = endpoint === null ? null : openPresenter(endpoint);
    const server = await listen(parts);
    parts.server = server;
    const ready = await supervisor.start();
    await rehearse(bundle.manifest, ready, now);
    const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();
    const running = run(parts, server, fail);
    const { address, url } = server;
    return { address, url, ready, failed, close: () => close(running, parts, server).finally(letSleep) };
  } catch (error) {
    letSleep();
    await supervisor.close();
    await parts.server?.close();
    await parts.recorder?.close();
    await parts.outputs?.close();
    await parts.presenter?.close();
    throw error;
  }
}

/** Connects the source to the pipeline and the pipeline to the viewers; `fail` is told when the pipeline ends. */
function run(parts: Parts, server: PhospheneServer, fail: (reason: unknown) => void): Subscription {
  const { config, bundle, ledger, latency, binner, budget } = parts;
  const { source, supervisor, recorder, trace, now, originMs, log } = parts;
  const { manifest, digest } = bundle;
  const { seed, everyBins, lateFrames, noTime } = config.decode;
  const write = (frame: FrameBody, expiresAtMs: number) => {
    parts.outputs?.urgent(frame);
    const times = server.publishFrame(frame, expiresAtMs);
    const { writtenMs } = times;
    trace.written(frame, times);
    recorder?.frame(frame, writtenMs);
    parts.outputs?.frame(frame, writtenMs);
    return writtenMs;
  };
  const writer = new FrameWriter({ ledger, latency, budget, lateFrames, noTime, now, write });
  parts.writer = writer;
  const decode = decodeStage({
    supervisor,
    budget,
    ledger,
    clock: binner.clock,
    manifest,
    digest,
    seed,
    fromMonotonic: (ms) => ms - originMs,
    now,
    steering: () => parts.steering.state,
    losses: () => parts.losses,
    eventBefore: (closedMs) => parts.events.before(closedMs),
    onFailure: (error) => log.debug({ error: String(error) }, "window failed"),
    onNoTime: (window, decision) => writer.expire(window, decision),
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
    onBin: (bin: Bin) => {
      trace.opened(bin);
      setImmediate(() => server.publishSpikes(spikesBody(bin)));
    },
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
      next: (drafted) => acknowledge(parts, server, drafted, writer.write(drafted)),
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
  if (state === "lost") parts.losses++;
  sayLiveness(parts, "source", state);
}

function onMessage({ source, events }: Parts, server: PhospheneServer, message: SourceMessage): void {
  if (message.kind === "event") {
    const body = toEventBody(message, (id) => server.stimulusUrl(id));
    server.publishEvent(events.enter(body, message.receivedAtMs));
  }
  if (message.kind === "connection") source.setDetail(`${message.state}: ${message.detail}`);
}

/** Whoever steered is told from which frame it holds, once that is written. */
function acknowledge(parts: Parts, server: PhospheneServer, drafted: Drafted, frame: FrameBody | null): void {
  if (frame === null) return;
  const at = { seq: frame.seq, bin: frame.bins[1], atMs: frame.stamps.written };
  for (const steered of parts.steering.written(drafted.steering, at)) server.acknowledge("steered", steered);
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
  await parts.presenter?.close();
}
