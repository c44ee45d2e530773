import type { Decoded } from "../src/decode/decoder.ts";
import { FrameBudget } from "../src/decode/frame-budget.ts";
import type { Manifest } from "../src/decode/manifest.ts";
import { Ledger } from "../src/ledger.ts";
import { encodeServer } from "../src/protocol/encode.ts";
import type { FrameBody } from "../src/protocol/messages.ts";
import { ClockMap } from "../src/signal/clock.ts";
import type { Bin, Window } from "../src/signal/types.ts";
import { decodeStage } from "./decode-stage.ts";
import type { DecoderHost, DecoderInfo } from "./decoder/host.ts";
import { FrameWriter } from "./frames.ts";
import { LatencyRecorder } from "./latency.ts";

/** Enough for the engine to compile the way of a frame. */
const FRAMES = 400;

/**
 * Makes frames of zeros from window to bytes, for nobody and with books of its own: code that runs for the first time is slow, and
 * the first frames of a session have a deadline like any other. Returns how many bytes they were.
 */
export async function rehearse(manifest: Manifest, info: DecoderInfo, now: () => number): Promise<number> {
  const ledger = new Ledger();
  const budget = new FrameBudget({
    ...{ totalMs: 1e6, maxSteps: Math.max(...info.steps), cadenceMs: 1e6 },
    shares: { waitMs: null, modelMs: null, writeMs: null },
  });
  budget.rebase(info.costMs);
  let bytes = 0;
  const write = (frame: FrameBody) => {
    bytes += encodeServer("frame", frame).length;
    return now();
  };
  const books = { ledger, budget, now, latency: new LatencyRecorder() };
  const writer = new FrameWriter({ ...books, lateFrames: "show-late", noTime: "expire", write });
  const steering = { gamma: manifest.latents.groups.map(() => 0), guidance: null };
  const decode = decodeStage({
    ...books,
    ...{ supervisor: silentDecoder(manifest, info, now), clock: new ClockMap(), manifest, digest: "", seed: 0 },
    ...{
      fromMonotonic: (ms) => ms,
      steering: () => steering,
      version: () => 0,
      losses: () => 0,
      eventBefore: () => null,
    },
    ...{ onFailure: () => {}, onNoTime: (window, decision) => writer.expire(window, decision) },
  });
  for (let index = 0; index < FRAMES; index++) {
    ledger.open(index);
    const frame = await decode(zeros(manifest, index, now()));
    if (frame !== null) writer.write(frame);
  }
  return bytes;
}

/** Answers every window at once with zeros of the bundle's shapes. */
function silentDecoder(manifest: Manifest, info: DecoderInfo, now: () => number): DecoderHost {
  const { image, latents, units, readouts } = manifest;
  return {
    ...{ state: "ready", info, restarts: 0, pid: null },
    start: async () => info,
    close: async () => {},
    decode: async ({ steps }): Promise<Decoded> => ({
      image: new Uint8Array(image.height * image.width * image.channels),
      mu: new Float32Array(latents.dimension),
      logvar: new Float32Array(manifest.evidence.missing?.bits === undefined ? latents.dimension : 0),
      expected: new Float32Array(units.count),
      readouts: Object.fromEntries(readouts.map(({ name, labels }) => [name, new Float32Array(labels.length)])),
      history: 0,
      ...{ startedMs: now(), encodedMs: now(), steppedMs: Array<number>(steps).fill(now()), synthesisedMs: now() },
    }),
  };
}

function zeros({ units, bins }: Manifest, index: number, atMs: number): Window {
  const values = new Float32Array(bins.window * units.count);
  const bin: Bin = {
    ...{ index, source: "rehearsal", startS: index, endS: index + 1, counts: new Uint16Array(units.count), spikes: 0 },
    ...{ spikeUnits: new Uint16Array(0), spikeOffsetsMs: new Float32Array(0), lastSpikeAtMs: atMs },
    ...{ arrivedAtMs: atMs, closedAtMs: atMs, closedBy: "source", epoch: 0 },
  };
  return { first: bin, last: bin, counts: values, values, silent: null };
}
