import { Publisher } from "zeromq";
import { encodeBlock } from "../../adapters/falcon-output/encode.ts";
import { createRandom } from "../../rig/random.ts";
import { spikeWaveform } from "../../rig/signals.ts";
import type { Peer } from "./adapter-suite.ts";
import { bindWhenFree } from "./bind.ts";
import { freePortPair } from "./open-ephys-peer.ts";

const SAMPLE_RATE_HZ = 30_000;
const CHANNELS = 3;
/** 10 ms. */
const SAMPLES = 300;
const SPIKE_AT = 100;
const NOISE_UV = 5;

/** A Falcon Output plugin on a free port of this machine; channels `CH1` to `CH3`. A spike costs a block. */
export async function falconPeer(): Promise<Peer & { readonly endpoint: string }> {
  const endpoint = `tcp://127.0.0.1:${await freePortPair()}`;
  const random = createRandom(5, 5);
  const waveform = spikeWaveform(-120);
  let publisher: Publisher | undefined;
  let sampleNum = 0;
  let messageId = 0n;
  let word = 0;
  const send = async (spiking: number | undefined) => {
    if (publisher === undefined) throw new Error("the peer is not started");
    const samples = Float32Array.from({ length: CHANNELS * SAMPLES }, () => NOISE_UV * random.normal());
    if (spiking !== undefined)
      for (const [i, value] of waveform.entries()) samples[spiking * SAMPLES + SPIKE_AT + i]! += value;
    const eventCodes = new Uint16Array(SAMPLES).fill(word);
    const place = { sampleNum, messageId: messageId++, sampleRateHz: SAMPLE_RATE_HZ, timestamp: performance.now() };
    sampleNum += SAMPLES;
    await publisher.send(encodeBlock({ samples, eventCodes, stream: "Rhythm Data", channels: CHANNELS, ...place }));
  };
  return {
    endpoint,
    async start() {
      publisher = new Publisher({ linger: 0, sendHighWaterMark: 0 });
      await bindWhenFree(publisher, endpoint);
      [sampleNum, messageId, word] = [0, 0n, 0];
    },
    async stop() {
      publisher?.close();
      publisher = undefined;
    },
    spike: (label) => send(Number(/\d+/.exec(label)?.[0]) - 1),
    async text() {
      word ^= 0x20;
      await send(undefined);
      return `line=5 state=${word === 0 ? 0 : 1}`;
    },
    async garbage() {
      await publisher?.send(Buffer.from("no FlatBuffer"));
    },
  };
}
