// node test/peers/lsl-throughput.ts [--layout counts|events] [--channels N] [--rate HZ] [--seconds S] [--chunk N] [--library PATH]
// Our outlet in a process of its own, our inlet here: what gets lost, how old a sample is when it is delivered, what the event loop feels.
import { fork } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadNative } from "../../adapters/lsl/native.ts";
import { openOutlet } from "../../adapters/lsl-outlet/outlet.ts";
import { LslSession } from "./lsl-session.ts";

const { values } = parseArgs({
  options: {
    layout: { type: "string", default: "counts" },
    channels: { type: "string", default: "1024" },
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "20" },
    chunk: { type: "string", default: "1" },
    library: { type: "string" },
    sender: { type: "string" },
  },
});
const counts = values.layout === "counts";
const channels = counts ? Number(values.channels) : 2;
const rate = Number(values.rate);
const samples = rate * Number(values.seconds);

if (values.sender === undefined) await receive();
else await send(values.sender);

async function send(sourceId: string): Promise<void> {
  const native = loadNative(values.library);
  const stream = { name: "phosphene-throughput", type: "Test", sourceId, channels, rateHz: counts ? rate : 0 };
  const outlet = await openOutlet(native, {
    ...stream,
    format: "float32",
    description: {},
    bufferS: counts ? 60 : 6000,
  });
  while (!outlet.hasConsumers) await new Promise(setImmediate);
  const [t0, row] = [Number(native.localClock()), new Float32Array(channels)];
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(samples, Math.floor((Number(native.localClock()) - t0) * rate));
    for (; sent < due; sent++) {
      if (!counts) row[0] = sent % 1024;
      outlet.pushNumbers(row, t0 + (sent + 1) / rate, sent + 1 < due);
    }
    if (sent === samples) clearInterval(timer);
  }, 1);
  process.once("message", () => outlet.close().then(() => process.exit(0)));
}

async function receive(): Promise<void> {
  const sourceId = `throughput-${process.pid}`;
  const sender = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), "--sender", sourceId]);
  const labels = Array.from({ length: counts ? channels : 1024 }, (_, i) => `${i}.0`);
  const ages = new Float64Array(samples);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  let [seen, blocks, session] = [0, 0, undefined as LslSession | undefined];
  const options = {
    stream: { sourceId },
    layout: values.layout,
    chunkSamples: Number(values.chunk),
    ...(values.library && { library: values.library }),
  };
  let cpu = process.cpuUsage();
  session = new LslSession(options, labels, ({ times }) => {
    if (blocks++ === 0) {
      loop.enable();
      cpu = process.cpuUsage();
    }
    const now = performance.now() - (session?.offsetMs ?? 0);
    for (const time of times) ages[seen++] = now - time * 1000;
  });
  await session.until(() => session.counters.messages + session.counters.missed >= samples);
  const { user, system } = process.cpuUsage(cpu);
  loop.disable();
  const sorted = ages.subarray(0, seen).sort();
  const at = (p: number) => Number((sorted[Math.min(seen - 1, Math.floor(p * seen))] ?? Number.NaN).toFixed(3));
  const { missed, flushed, malformed } = session.counters;
  console.log({
    samples: seen,
    missed,
    flushed,
    malformed,
    samplesPerBlock: Number((seen / blocks).toFixed(1)),
    ageMs: { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) },
    loopDelayMs: { p50: loop.percentile(50) / 1e6, p99: loop.percentile(99) / 1e6, max: loop.max / 1e6 },
    cpuPercent: Number(((user + system) / 1e4 / Number(values.seconds)).toFixed(1)),
  });
  sender.send("stop");
  session.close();
}
