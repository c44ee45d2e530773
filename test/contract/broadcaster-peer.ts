import { Publisher } from "zeromq";
import { type Frames, jsonFormat, rawFormat } from "../../adapters/event-broadcaster/encode.ts";
import type { Peer } from "./adapter-suite.ts";
import { bindWhenFree } from "./bind.ts";
import { freePortPair } from "./open-ephys-peer.ts";

const SAMPLE_RATE_HZ = 30_000;
const ORIGIN = { stream: "Rhythm Data", streamId: 7, sourceNode: 103, sampleRateHz: SAMPLE_RATE_HZ };

/** An Event Broadcaster plugin on a free port of this machine. */
export async function broadcasterPeer(format: "json" | "raw"): Promise<Peer & { readonly endpoint: string }> {
  const endpoint = `tcp://127.0.0.1:${await freePortPair()}`;
  let publisher: Publisher | undefined;
  let sampleNum = 0;
  let state: 0 | 1 = 0;
  const send = (frames: Frames | string[]) => publisher?.send(frames) ?? Promise.reject(new Error("not started"));
  return {
    endpoint,
    async start() {
      publisher = new Publisher({ linger: 0, sendHighWaterMark: 0 });
      sampleNum = 0;
      await bindWhenFree(publisher, endpoint);
    },
    async stop() {
      publisher?.close();
      publisher = undefined;
    },
    async spike(label) {
      const [electrode = "", sorted] = label.split(".");
      sampleNum += 300;
      const electrodeIndex = Number(/\d+/.exec(electrode)?.[0]) - 1;
      const fields = { ...ORIGIN, electrode, electrodeIndex, sampleNum, sortedId: Number(sorted), amplitudes: [-60] };
      await send(format === "json" ? jsonFormat.spike(fields) : rawFormat.spike(fields, new Float32Array(40)));
    },
    async text() {
      state = state === 0 ? 1 : 0;
      const fields = { ...ORIGIN, channelName: "TTL", sampleNum, line: 4, state };
      await send(format === "json" ? jsonFormat.ttl(fields) : rawFormat.ttl(fields));
      return `line=4 state=${state}`;
    },
    async garbage() {
      await send(["\u0001\u0000", "{ not json"]);
    },
  };
}
