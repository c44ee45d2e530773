// A thread of its own: liblsl's calls wait, and the event loop must not. It says what it finds through its port and looks at shared memory
// for the word to stop, so that it needs no event loop itself.
import { parentPort, workerData } from "node:worker_threads";
import { PhospheneError } from "../../src/errors.ts";
import { Backlog } from "./backlog.ts";
import { type Inlet, LostError, openInlet } from "./inlet.ts";
import { checkLayout } from "./layout.ts";
import { type Batch, hrMs, type ReaderMessage, type ReaderSettings, STOP, TAKEN } from "./messages.ts";
import { loadNative, type Native } from "./native.ts";
import { type Found, search, watchdog } from "./search.ts";
import { summary } from "./stream.ts";

/** Longest wait of one call, s: how long stopping may take. */
const WAIT_S = 0.05;
const ANSWER_S = 2;
/** Batches on their way to the event loop; more stay here, where what is too old is thrown away. */
const MOST_UNREAD = 16;
/** Batches are at least this far apart, ms: 20,000 spikes a second must not be 20,000 messages. */
const BATCH_MS = 1;
const CLOCK_MS = 1_000;
const SILENT_MS = 5_000;

const { options, unitLabels, shared } = workerData as ReaderSettings;
const control = new Int32Array(shared);
let posted = 0;

const stopped = () => Atomics.load(control, STOP) !== 0;
/** False when it is time to stop. */
const pause = (ms: number) => Atomics.wait(control, STOP, 0, ms) === "timed-out";
const post = (message: ReaderMessage, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);

function run(): void {
  const native = loadNative(options.library);
  let said = "";
  const say = (detail: string) => {
    if (detail !== said) post({ kind: "searching", detail, hrMs: hrMs() });
    said = detail;
  };
  while (!stopped()) {
    const found = search(native, options.stream, say, pause);
    if (found === undefined) return;
    read(native, found);
    said = "";
  }
}

/** One connection, until the peer is gone or we are stopped. */
function read(native: Native, { info, stream }: Found): void {
  let inlet: Inlet | undefined;
  const guard = watchdog(native, stream.uid);
  try {
    inlet = openInlet(native, info, stream, options);
    const described = inlet.describe(ANSWER_S);
    checkLayout(described, options, unitLabels);
    // Before the data: stamps that come first would have no correction.
    const clock = inlet.clock(ANSWER_S);
    inlet.open(ANSWER_S);
    post({ kind: "connected", stream: described, clock, hrMs: hrMs() });
    pump(inlet, described.channels, guard);
  } catch (error) {
    if (!(error instanceof LostError)) throw error;
    post({ kind: "disconnected", detail: `${summary(stream)}: ${error.message}, looking for it again`, hrMs: hrMs() });
  } finally {
    guard.close();
    inlet?.close();
    native.destroyInfo(info);
  }
}

/** Pulls and hands on. Throws LostError when the peer is gone. */
function pump(inlet: Inlet, channels: number, guard: ReturnType<typeof watchdog>): void {
  const columns = options.layout === "events" ? 2 : channels;
  const backlog = new Backlog(columns, options.maxBacklogMs / 1000);
  let [dataMs, clockMs, batchMs] = [hrMs(), hrMs(), 0];
  while (!stopped()) {
    const waitS = backlog.empty ? WAIT_S : 0.001;
    const came = options.layout === "markers" ? pumpTexts(inlet, waitS) : pumpNumbers(inlet, backlog, columns, waitS);
    const nowMs = hrMs();
    if (came) {
      dataMs = nowMs;
      guard.close();
    } else if (nowMs - dataMs > SILENT_MS && !guard.alive(nowMs)) {
      throw new LostError("it is silent and nobody answers for it");
    }
    if (nowMs - clockMs > CLOCK_MS) {
      clockMs = nowMs;
      post({ kind: "clock", clock: inlet.clock(0) });
      if (inlet.wasClockReset()) post({ kind: "reset" });
    }
    if (!came) continue;
    if (nowMs - batchMs < BATCH_MS) pause(BATCH_MS);
    batchMs = hrMs();
  }
}

function pumpNumbers(inlet: Inlet, backlog: Backlog, columns: number, waitS: number): boolean {
  const samples = inlet.pull(waitS, columns);
  const came = samples.times.length > 0; // now: the arrays are given away below
  backlog.push(samples);
  while (posted - Atomics.load(control, TAKEN) < MOST_UNREAD) {
    const chunk = backlog.shift();
    if (chunk === undefined) break;
    const batch: Batch = { kind: "batch", ...chunk, texts: null, flushed: backlog.takeFlushed(), hrMs: hrMs() };
    posted++;
    post(batch, [chunk.times.buffer, chunk.values.buffer]);
  }
  return came;
}

/** Markers are few, and each one matters: they are never thrown away. */
function pumpTexts(inlet: Inlet, waitS: number): boolean {
  if (posted - Atomics.load(control, TAKEN) >= MOST_UNREAD) return !pause(1);
  const { times, texts } = inlet.pullTexts(waitS);
  if (times.length === 0) return false;
  posted++;
  post({ kind: "batch", times, values: new Float64Array(), texts, flushed: 0, hrMs: hrMs() });
  return true;
}

try {
  run();
} catch (error) {
  if (!(error instanceof PhospheneError)) throw error;
  post({ kind: "failed", code: error.code, message: error.message.replace(`[${error.code}] `, "") });
}
