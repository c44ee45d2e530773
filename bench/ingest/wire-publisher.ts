// A rig of `bench/ingest.ts` that knows when its bytes were there to be read: each block is encoded before its time and given to the kernel by one
// write, which on the loopback puts it into the reader's socket before it returns. A publisher of ZMTP 3.1 by hand, so that no queue and no thread
// of a library lie between the stamp and the kernel.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { createEncoder, type Frames } from "../../adapters/open-ephys/encode.ts";
import { zmtpEncode } from "../../adapters/zeromq/zmtp.ts";
import { monotonicMs } from "../../daemon/monotonic.ts";
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
  const server = createServer().listen(request.port, "127.0.0.1");
  await once(server, "listening");
  // All of a burst is made before: encoding at that rate would be the bottleneck.
  const blocks = request.burstAtS === undefined ? encoded(request) : [...encoded(request)];
  process.send?.("listening");
  const [socket] = (await once(server, "connection")) as [Socket];
  await handshake(socket);
  await new Promise((resolve) => process.once("message", resolve));
  process.send?.(await publish(socket, blocks, request.blockMs));
  await new Promise((resolve) => process.once("message", resolve));
  socket.destroy();
  server.close();
  process.disconnect();
});

async function handshake(socket: Socket): Promise<void> {
  const subscribed = new Promise<void>((resolve) => {
    socket.on("data", (data) => {
      const text = data.toString("latin1");
      if (text.includes("SUBSCRIBE")) resolve();
      if (text.includes("PING")) socket.write(zmtpEncode.pong(new Uint8Array()));
    });
  });
  socket.setNoDelay(true);
  socket.write(zmtpEncode.greeting());
  socket.write(zmtpEncode.ready("PUB"));
  await subscribed;
}

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

/** Frames of one message as ZMTP has them: flags (1: more follow, 2: long), length, body. */
function pack(message: Frames, into: Buffer[]): void {
  for (const [i, body] of message.entries()) {
    const more = i < message.length - 1 ? 1 : 0;
    const header = Buffer.alloc(body.length > 255 ? 9 : 2);
    header[0] = body.length > 255 ? more | 2 : more;
    if (body.length > 255) header.writeUInt32BE(body.length, 5);
    else header[1] = body.length;
    into.push(header, body);
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
