import type { Logger } from "pino";
import { Subscription } from "rxjs";
import type { Config } from "../src/config.ts";
import { type Liveness, liveness } from "../src/ops/liveness.ts";
import { type Recent, windowOf } from "../src/ops/window.ts";
import type { FrameBody } from "../src/protocol/messages.ts";
import type { Bin, SourceMessage } from "../src/signal/types.ts";
import { sayLiveness, sayRecordingStopped } from "./announce.ts";
import { readBundles } from "./bundles.ts";
import type { Drafted } from "./decode-stage.ts";
import type { DecoderInfo } from "./decoder/host.ts";
import { deferEngineThreads } from "./engine-threads.ts";
import { spikesBody, toEventBody } from "./events.ts";
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
import { makeTeaching } from "./teaching.ts";
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
  const bundles = await readBundles(config.bundle, config.bundles);
  const [bundle] = bundles;
  const originMs = monotonicMs();
  const { wakeUs } = config.decode;
  const letSleep = wakeUs === null ? () => {} : holdWakeLatency(wakeUs);
  const parts = makeParts(config, bundles, log, originMs, placement);
  const { switchboard, now } = parts;
  try {
    const onStopped = (detail: string) => sayRecordingStopped(parts, detail);
    parts.recorder = await openRecorder({ ...parts, bundle, onStopped, ...(openSink && { openSink }) });
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
    const ready = await switchboard.active.host.start();
    await rehearse(bundle.manifest, ready, now);
    const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();
    const running = run(parts, server, fail);
    const { address, url } = server;
    return { address, url, ready, failed, close: () => close(running, parts, server).finally(letSleep) };
  } catch (error) {
    letSleep();
    await switchboard.close();
    await parts.server?.close();
    await parts.recorder?.close();
    await parts.outputs?.close();
    await parts.presenter?.close();
    throw error;
  }
}

/** Connects the source to the pipeline and the pipeline to the viewers; `fail` is told when the pipeline ends. */
function run(parts: Parts, server: PhospheneServer, fail: (reason: unknown) => void): Subscription {
  const { config, ledger, binner, switchboard, source, recorder, trace, log, writer } = parts;
  const teaching = makeTeaching(parts, server);
  const frames$ = pipeline(source.message$, {
    binner,
    scheduler: parts.scheduler,
    ledger,
    keptBins: parts.keptBins,
    windowBins: () => switchboard.active.shape.length,
    everyBins: config.decode.everyBins,
    live: () => source.status().state === "live",
    silent: () => source.silent(),
    // After the window was dispatched: rasters must not delay pictures.
    onBin: (bin: Bin) => {
      trace.opened(bin);
      setImmediate(() => server.publishSpikes(spikesBody(bin)));
    },
    decode: (recent) => decodeRecent(parts, recent),
  });
  const subscription = new Subscription();
  // The first to subscribe, so that nothing comes before it.
  if (recorder !== null) subscription.add(source.message$.subscribe((message) => recorder.message(message)));
  const lostAfterMs = LOST_AFTER_BINS * parts.widthMs;
  subscription.add(source.watch$.subscribe());
  subscription.add(source.message$.pipe(liveness(lostAfterMs)).subscribe((state) => onLiveness(parts, state)));
  subscription.add(source.message$.subscribe((message) => onMessage(parts, server, message)));
  subscription.add(source.message$.subscribe((message) => teaching.message(message)));
  subscription.add(
    frames$.subscribe({
      next: (drafted) => {
        const frame = writer.write(drafted);
        acknowledge(parts, server, drafted, frame);
        // Once it is on its way.
        if (frame !== null) setImmediate(() => teaching.written(drafted.window, drafted.draft.bundle));
      },
      error: (error: unknown) => {
        log.fatal({ error: String(error) }, "the pipeline ended");
        fail(error);
      },
    }),
  );
  return subscription;
}

/** The window that the active bundle wants, decoded. Null for one that it has too few bins for, since the source has only just begun. */
function decodeRecent({ switchboard, ledger }: Parts, recent: Recent): Promise<Drafted | null> {
  return switchboard.run(async (engine) => {
    const window = windowOf(recent, engine.shape);
    if (window !== null) return engine.decode(window);
    ledger.settle(recent.bins.at(-1)!.index, "gated");
    return null;
  });
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

/** Whoever changed something is told from which frame it holds, once that is written. */
function acknowledge(parts: Parts, server: PhospheneServer, drafted: Drafted, frame: FrameBody | null): void {
  if (frame === null) return;
  const from = { seq: frame.seq, bin: frame.bins[1], atMs: frame.stamps.written };
  for (const { type, body } of parts.changes.written(drafted.version, from)) {
    server.acknowledge(type, body);
    if (type === "switched") parts.recorder?.switched(body);
  }
}

async function close(running: Subscription, parts: Parts, server: PhospheneServer): Promise<void> {
  const { switchboard, recorder, log } = parts;
  log.info("stopping: source");
  running.unsubscribe();
  log.info("stopping: decoder");
  await switchboard.close();
  await recorder?.close();
  await parts.outputs?.close();
  log.info("stopping: server");
  await server.close();
  await parts.presenter?.close();
}
