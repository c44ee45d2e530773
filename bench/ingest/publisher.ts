// A rig of `bench/ingest.ts` and `bench/soak.ts`: spikes at a steady rate in blocks, open loop. Sample numbers are the machine's monotonic clock
// when the message is sent, so that whoever reads them on the same machine knows how long they took; or they begin with the rig, as in a lab.
import { setTimeout as wait } from "node:timers/promises";
import { Publisher } from "zeromq";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { SAMPLES_PER_MS, unitsOf } from "./units.ts";

export interface PublisherRequest {
  readonly port: number;
  readonly labels: readonly string[];
  readonly rateHz: number;
  readonly seconds: number;
  readonly blockMs: number;
  /** Where sample numbers begin: at the machine's monotonic 0, or when this rig starts. */
  readonly clock: "monotonic" | "own";
}

export interface PublisherReport {
  readonly sent: number;
  readonly cpuS: number;
  /** Longest that a block was sent after its time, ms. */
  readonly latestMs: number;
}

process.once("message", async (request: PublisherRequest) => {
  const publisher = new Publisher({ sendHighWaterMark: 0, linger: 5_000 });
  await publisher.bind(`tcp://127.0.0.1:${request.port}`);
  process.send?.("listening");
  await new Promise((resolve) => process.once("message", resolve));
  process.send?.(await publish(publisher, request));
  await new Promise((resolve) => process.once("message", resolve));
  publisher.close();
  process.disconnect();
});

async function publish(publisher: Publisher, request: PublisherRequest): Promise<PublisherReport> {
  const { labels, rateHz, seconds, blockMs } = request;
  const encoder = createEncoder({ stream: "Bench", sourceNode: 101, wallClockMs: Date.now });
  const units = unitsOf(labels);
  const waveform = new Float32Array(40);
  const cpu = process.cpuUsage();
  const startMs = monotonicMs();
  const originMs = request.clock === "own" ? startMs : 0;
  const perBlock = (rateHz * blockMs) / 1000;
  let [sent, latestMs] = [0, 0];
  for (let block = 1; block * blockMs <= seconds * 1000; block++) {
    const dueMs = startMs + block * blockMs;
    const earlyMs = dueMs - monotonicMs();
    if (earlyMs > 0) await wait(earlyMs);
    latestMs = Math.max(latestMs, monotonicMs() - dueMs);
    for (; sent < block * perBlock; sent++) {
      const unit = units[sent % units.length] ?? { electrode: "E1", sortedId: 1 };
      const sampleNum = Math.floor((monotonicMs() - originMs) * SAMPLES_PER_MS);
      await publisher.send(encoder.spike({ ...unit, sampleNum, threshold: [-50], waveform }));
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  return { sent, cpuS: (user + system) / 1e6, latestMs };
}
