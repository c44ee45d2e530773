// A rig of `bench/ingest.ts` that knows when its bytes were there to be read: each block is encoded before its time and given to the kernel by one
// write, which on the loopback puts it into the reader's socket before it returns. A publisher of ZMTP 3.1 by hand, so that no queue and no thread
// of a library lie between the stamp and the kernel.
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { listen, pack } from "../wire.ts";
import { SAMPLES_PER_MS, unitsOf } from "./units.ts";

export interface WireRequest {
  readonly port: number;
  readonly labels: readonly string[];
  readonly rateHz: number;
  readonly seconds: number;
  readonly blockMs: number;
  /** From here on, for a second, ten times the rate, s. */
  readonly burstAtS?: number;
}

export interface WireReport {
  readonly sent: number;
  readonly cpuS: number;
  /** Block i has sample time i * blockMs, from 1; monotonic ms just before it was written. */
  readonly writtenMs: readonly number[];
  /** Blocks that found earlier ones still waiting in this process. */
  readonly queued: number;
}

const BURST = { factor: 10, seconds: 1 };

process.once("message", async (request: WireRequest) => {
  const { server, subscriber } = await listen(request.port);
  // All of a burst is made before: encoding at that rate would be the bottleneck.
  const blocks = request.burstAtS === undefined ? encoded(request) : [...encoded(request)];
  process.send?.("listening");
  const socket = await subscriber;
  await new Promise((resolve) => process.once("message", resolve));
  process.send?.(await publish(socket, blocks, request.blockMs));
  await new Promise((resolve) => process.once("message", resolve));
  socket.destroy();
  server.close();
  process.disconnect();
});

interface Block {
  readonly bytes: Buffer;
  readonly spikes: number;
}

function* encoded({ labels, rateHz, seconds, blockMs, burstAtS = Number.NaN }: WireRequest): Generator<Block> {
  const encoder = createEncoder({ stream: "Bench", sourceNode: 101, wallClockMs: Date.now });
  const units = unitsOf(labels);
  const waveform = new Float32Array(40);
  let sent = 0;
  for (let block = 1; block * blockMs <= seconds * 1000; block++) {
    const sinceBurstS = (block * blockMs) / 1000 - burstAtS;
    const factor = sinceBurstS > 0 && sinceBurstS <= BURST.seconds ? BURST.factor : 1;
    const spikes = Math.round((factor * rateHz * blockMs) / 1000);
    const sampleNum = block * blockMs * SAMPLES_PER_MS;
    const frames: Buffer[] = [];
    for (let i = 0; i < spikes; i++)
      pack(encoder.spike({ ...units[sent++ % units.length]!, sampleNum, threshold: [-50], waveform }), frames);
    yield { bytes: Buffer.concat(frames), spikes };
  }
}

async function publish(socket: Socket, blocks: Iterable<Block>, blockMs: number): Promise<WireReport> {
  const cpu = process.cpuUsage();
  const startMs = monotonicMs();
  const writtenMs = [startMs];
  let [sent, queued] = [0, 0];
  for (const { bytes, spikes } of blocks) {
    const earlyMs = startMs + writtenMs.length * blockMs - monotonicMs();
    if (earlyMs > 0) await wait(earlyMs);
    if (socket.writableLength > 0) queued++;
    writtenMs.push(monotonicMs());
    socket.write(bytes);
    sent += spikes;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { sent, cpuS: (user + system) / 1e6, writtenMs, queued };
}
