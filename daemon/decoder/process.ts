// The decoder process: the only one that loads onnxruntime-node. It speaks ipc.ts with the daemon over the built-in channel; windows and
// answers go through shared memory where there is one (channel-server.ts).
import type { DecodeRequest, Decoder } from "../../src/decode/decoder.ts";
import { PhospheneError } from "../../src/errors.ts";
import { deferEngineThreads } from "../engine-threads.ts";
import { monotonicMs } from "../monotonic.ts";
import type { Placement } from "../placement.ts";
import type { Answer } from "./channel-codec.ts";
import { ChannelServer } from "./channel-server.ts";
import { parseFaults, withFaults } from "./fault.ts";
import type { FromDecoder, LoadOptions, Problem, ToDecoder } from "./ipc.ts";
import { KeepWarm } from "./keep-warm.ts";
import { loadDecoder } from "./load.ts";
import { words } from "./words.ts";

const PROVIDER_FAILED_EXIT = 87;
const AS_IT_IS: Placement = { cores: null, nice: null, realtime: null };
let decoder: Decoder | null = null;
let warmth: KeepWarm | null = null;
let warm: () => Promise<unknown> = async () => {};
let timer: NodeJS.Timeout | undefined;

const send = (message: FromDecoder, sent: () => void = () => {}) => process.send?.(message, sent);

async function load(options: LoadOptions, spinMs: number | null): Promise<void> {
  const faults = parseFaults(process.env);
  // Before any thread of the runtime is made: they are placed like the one that makes them.
  const { placement = AS_IT_IS, comeForward } = options;
  await placeDecoder(comeForward === undefined ? placement : { ...AS_IT_IS, cores: placement.cores });
  deferEngineThreads();
  const loaded = await loadDecoder(options, (message) => send({ type: "progress", message }));
  if (comeForward !== undefined) await placeDecoder({ ...placement, nice: placement.nice ?? comeForward });
  decoder = withFaults(loaded.decoder, faults);
  warm = loaded.warm;
  // A CPU does not clock down for long, and its time is the acquisition's too.
  warmth = options.keepWarmMs === null || loaded.info.provider === "cpu" ? null : new KeepWarm(options.keepWarmMs);
  send({ type: "ready", ...loaded.info }, () => {
    if (spinMs !== null) void serve(spinMs);
  });
}

async function placeDecoder(placement: Placement): Promise<void> {
  if (placement.cores === null && placement.nice === null && placement.realtime === null) return;
  const { place } = await import("../placement.ts");
  place(placement, "process.decoder");
}

/** From here on the event loop turns only while a window is decoded. */
async function serve(spinMs: number): Promise<void> {
  const idle = { dueInMs: () => warmth?.dueInMs(monotonicMs()) ?? Number.POSITIVE_INFINITY, run: warmRun };
  await new ChannelServer({ spinMs, now: monotonicMs, decode: answer, idle }).serve();
  process.exit(0);
}

function toProblem(error: unknown): Problem {
  return { code: error instanceof PhospheneError ? error.code : "DECODER_FAILED", message: words(error) };
}

/** What a GPU's driver has lost, this process does not get back: it says why and ends, the supervisor starts another. */
function isFatal(error: unknown): boolean {
  return error instanceof PhospheneError && error.code === "PROVIDER_FAILED";
}

/** Never resolves: nobody is to wait for a window in the meantime. */
function end(error: unknown): Promise<never> {
  send({ type: "ending", problem: toProblem(error) }, () => process.exit(PROVIDER_FAILED_EXIT));
  return new Promise(() => {});
}

async function answer(id: number, request: DecodeRequest): Promise<Answer> {
  warmth?.arrived(monotonicMs());
  try {
    if (decoder === null) throw new PhospheneError("DECODER_FAILED", "expected a loaded bundle, got none");
    if (request.reset === true) decoder.reset();
    return { type: "decoded", id, ...(await decoder.decode(request)) };
  } catch (error) {
    return isFatal(error) ? await end(error) : { type: "failed", id, problem: toProblem(error) };
  } finally {
    warmth?.done(monotonicMs());
  }
}

async function decode({ id, ...request }: Extract<ToDecoder, { type: "decode" }>): Promise<void> {
  send(await answer(id, request));
  keepWarm();
}

function keepWarm(): void {
  const dueMs = warmth?.dueInMs(monotonicMs()) ?? Number.POSITIVE_INFINITY;
  clearTimeout(timer);
  if (dueMs !== Number.POSITIVE_INFINITY) timer = setTimeout(() => void warmRun().finally(keepWarm), dueMs);
}

async function warmRun(): Promise<void> {
  if (warmth?.dueInMs(monotonicMs()) === 0)
    await warm().then(
      () => warmth?.warmed(monotonicMs()),
      (error: unknown) => end(error),
    );
}

process.on("message", (message: ToDecoder) => {
  if (message.type === "decode") void decode(message);
  else
    load(message.options, message.spinMs).catch((error: unknown) =>
      send({ type: "refused", problem: toProblem(error) }),
    );
});
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the daemon decides when this process ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
