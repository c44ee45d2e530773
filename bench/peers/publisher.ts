// The rig of `bench/peers`: spike messages of Open Ephys in blocks at the true cadence, open loop. It knows when each bin was closed: when it handed
// over the block with the first spike that lies the allowed lateness after the bin's end. That stamp is where every system's latency begins.
import { setTimeout as wait } from "node:timers/promises";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { listen, pack } from "../wire.ts";
import { SAMPLES_PER_MS, type Spike, spikesOf, type Train } from "./spikes.ts";

export interface PublisherRequest {
  readonly port: number;
  readonly labels: readonly string[];
  readonly train: Train;
  readonly blockMs: number;
  readonly widthMs: number;
  readonly latenessMs: number;
}

export interface PublisherReport {
  readonly sent: number;
  readonly cpuS: number;
  /** Monotonic ms, bin by bin; NaN travels as null where a bin was not closed. */
  readonly closedMs: readonly (number | null)[];
  /** Longest that a block was handed over after its time, ms. */
  readonly latestMs: number;
  /** Blocks that found earlier ones still waiting in this process: the system reads more slowly than we write. */
  readonly queued: number;
}

interface Block {
  readonly bytes: Buffer;
  readonly spikes: number;
  /** Bins that this block closes: all before this number. */
  readonly closes: number;
}

/** More spikes than this are encoded on the way, one block ahead; fewer are encoded before the start, which leaves the processor to the systems. */
const ENCODED_BEFORE = 500_000;

process.once("message", async (request: PublisherRequest) => {
  const { train } = request;
  const { server, subscriber } = await listen(request.port);
  const blocks = train.rateHz * train.seconds > ENCODED_BEFORE ? encoded(request) : [...encoded(request)];
  process.send?.("listening");
  const socket = await subscriber;
  process.send?.("subscribed");
  await new Promise((resolve) => process.once("message", resolve));
  const cpu = process.cpuUsage();
  const start = monotonicMs();
  const report = { sent: 0, closedMs: [] as number[], latestMs: 0, queued: 0 };
  let number = 0;
  for (const { bytes, spikes, closes } of blocks) {
    const dueMs = start + ++number * request.blockMs;
    const earlyMs = dueMs - monotonicMs();
    if (earlyMs > 0) await wait(earlyMs);
    if (socket.writableLength > 0) report.queued++;
    const nowMs = monotonicMs();
    socket.write(bytes);
    report.latestMs = Math.max(report.latestMs, nowMs - dueMs);
    while (report.closedMs.length < closes) report.closedMs.push(nowMs);
    report.sent += spikes;
  }
  const { user, system } = process.cpuUsage(cpu);
  process.send?.({ ...report, cpuS: (user + system) / 1e6 } satisfies PublisherReport);
  await new Promise((resolve) => process.once("message", resolve));
  socket.destroy();
  server.close();
  process.disconnect();
});

/** Block n has the spikes of the `blockMs` before its time. */
function* encoded({ labels, train, blockMs, widthMs, latenessMs }: PublisherRequest): Generator<Block> {
  const encoder = createEncoder({ stream: "Bench", sourceNode: 101, wallClockMs: Date.now });
  const units = labels.map(unitOf);
  const waveform = new Float32Array(40);
  const samples = blockMs * SAMPLES_PER_MS;
  const spikes = spikesOf(train);
  let next: IteratorResult<Spike, void> = spikes.next();
  let closes = 0;
  for (let end = samples; end <= train.seconds * 1000 * SAMPLES_PER_MS; end += samples) {
    const frames: Buffer[] = [];
    let count = 0;
    for (; next.done !== true && next.value.sample < end; next = spikes.next()) {
      const { sample, unit } = next.value;
      pack(encoder.spike({ ...units[unit]!, sampleNum: sample, threshold: [-50], waveform }), frames);
      closes = Math.max(closes, Math.floor((sample - latenessMs * SAMPLES_PER_MS) / (widthMs * SAMPLES_PER_MS)));
      count++;
    }
    yield { bytes: Buffer.concat(frames), spikes: count, closes };
  }
}

function unitOf(label: string): { electrode: string; sortedId: number } {
  const dot = label.lastIndexOf(".");
  return { electrode: label.slice(0, dot), sortedId: Number(label.slice(dot + 1)) };
}
