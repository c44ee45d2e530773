import { Publisher, Reply } from "zeromq";
import { createEncoder, type Frames } from "../adapters/open-ephys/encode.ts";
import { PhospheneError } from "../src/errors.ts";
import { createChannels, unitWaveforms } from "./signals.ts";
import { type RigBlock, type RigUnit, SAMPLE_RATE_HZ, SAMPLES_PER_MS } from "./source.ts";

const STREAM = "Simulated Rig";
const SOURCE_NODE = 101;
const THRESHOLD_UV = [-50];
/** The GUI keeps ZeroMQ's 1000 and loses silently beyond; an instrument of ours must not lose what it was asked to play. */
const SEND_HIGH_WATER_MARK = 200_000;

/** Turns blocks into the plugin's messages and sends them. */
export interface RigPublisher {
  readonly endpoint: string;
  /** Spikes of the block first, then its events, then its continuous data, as the GUI does. */
  publish(block: RigBlock, firstSample: number, ms: number): Promise<void>;
  close(): void;
}

export interface PublisherOptions {
  readonly port: number;
  readonly units: readonly RigUnit[];
  readonly continuousChannels: number;
  readonly seed: number;
}

/** Binds PUB on the port and REP on the next, on this machine only. Errors: ADDRESS_IN_USE. */
export async function openPublisher(options: PublisherOptions): Promise<RigPublisher> {
  const { port, units } = options;
  const publisher = new Publisher({ sendHighWaterMark: SEND_HIGH_WATER_MARK, linger: 0 });
  const reply = new Reply({ linger: 0 });
  const close = () => {
    publisher.close();
    reply.close();
  };
  const endpoint = `tcp://127.0.0.1:${port}`;
  await bind(publisher, endpoint, close);
  await bind(reply, `tcp://127.0.0.1:${port + 1}`, close);
  void answerHeartbeats(reply);

  const encoder = createEncoder({ stream: STREAM, sourceNode: SOURCE_NODE, wallClockMs: Date.now });
  const waveforms = unitWaveforms(units.length, options.seed);
  const channels = createChannels(options.continuousChannels, options.seed);
  function* messages(block: RigBlock, firstSample: number, ms: number): Generator<Frames> {
    for (const [index, sampleNum] of block.spikeSamples.entries()) {
      const unit = block.spikeUnits[index] ?? 0;
      const { electrode = "", sortedId = 0 } = units[unit] ?? {};
      const waveform = waveforms[unit] ?? new Float32Array(1);
      yield encoder.spike({ electrode, sortedId, sampleNum, threshold: THRESHOLD_UV, waveform });
    }
    for (const { sampleNum, text, state } of block.events) {
      yield encoder.ttl(sampleNum, 0, state, BigInt(state));
      yield encoder.text(sampleNum, text);
    }
    for (const [channel, read] of channels.entries()) {
      const samples = read(firstSample, ms * SAMPLES_PER_MS);
      const channelName = `CH${channel + 1}`;
      yield encoder.data({ channel, channelName, sampleNum: firstSample, sampleRateHz: SAMPLE_RATE_HZ, samples });
    }
  }
  return {
    endpoint,
    async publish(block, firstSample, ms) {
      for (const frames of messages(block, firstSample, ms)) {
        if (publisher.closed) return;
        await publisher.send(frames);
      }
    },
    close,
  };
}

/** Errors: ADDRESS_IN_USE, after `close`. */
export async function bind(socket: Publisher | Reply, endpoint: string, close: () => void): Promise<void> {
  try {
    await socket.bind(endpoint);
  } catch (cause) {
    close();
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code !== "EADDRINUSE") throw cause;
    throw new PhospheneError("ADDRESS_IN_USE", `${endpoint}: another program listens there; take another --port`, {
      cause,
    });
  }
}

async function answerHeartbeats(reply: Reply): Promise<void> {
  for await (const [request] of reply) {
    try {
      await reply.send(heartbeatAnswer(String(request)));
    } catch {
      return; // Closed meanwhile: a closed socket throws at once, it does not reject.
    }
  }
}

/** The plugin's answers, word for word; what it is asked beyond heartbeats it only takes note of. */
export function heartbeatAnswer(request: string): string {
  try {
    const message: unknown = JSON.parse(request);
    if (typeof message !== "object" || message === null || !("type" in message)) throw new Error("no type");
    return message.type === "heartbeat" ? "heartbeat received" : "message correctly parsed";
  } catch {
    return "JSON message could not be read";
  }
}
