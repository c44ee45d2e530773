import { borrowBin } from "../../src/protocol/bins.ts";
import type { ClientBodies, LatentsBody, Percentiles, ServerBodies } from "../../src/protocol/messages.ts";

const floats = (...values: number[]) => borrowBin(Float32Array.from(values));

const latents: LatentsBody = {
  seq: 41,
  state: "ok",
  held: null,
  mu: floats(0.5, -1.25, 3.0e-7, 2),
  logvar: floats(-1, -2, 0, 0.125),
  bits: [1.5, 0.0625],
  explained: 0.71,
  atypicality: 1.125,
  readouts: { category: floats(0.1, 0.9), position: floats(-3.5) },
  bins: [96, 100],
  stamps: {
    ...{
      lastSpike: 2018.75,
      arrived: 2020.25,
      closed: 2020.5,
      dispatched: 2020.625,
      started: 2020.6875,
      encoded: 2021,
    },
    ...{ stepped: [2026, 2031.25], synthesised: 2031.5, received: 2031.75, written: 2032 },
  },
};

const percentiles: Percentiles = { n: 1200, p50: 11.5, p99: 18.25, p999: 22, max: 31.125 };
/** One body of every server message, small but with every kind of value: nulls, negative numbers, empty and non-empty bins. */
export const SERVER: ServerBodies = {
  hello: {
    protocol: 1,
    server: "phosphene/0.1.0",
    session: "6f1f0f0e-3f5c-4b0a-9a53-0d6c5f9b2a11",
    nowMs: 1234.5,
    unixMs: 1_790_000_000_123,
    bundle: {
      name: "it-demo",
      kind: "diffusion",
      digest: "sha256:00ff",
      units: 3,
      unitLabels: ["A1.1", "A1.2", "µ-7.1"],
      bins: { widthMs: 20, window: 5 },
      image: { width: 2, height: 1, channels: 3 },
      latents: {
        dimension: 4,
        groups: [
          { name: "form", size: 3 },
          { name: "colour", size: 1 },
        ],
      },
      readouts: [
        { name: "category", kind: "class", unit: "", labels: ["face", "house"] },
        { name: "position", kind: "value", unit: "deg", labels: [] },
      ],
      evidence: { bitsThreshold: 2.5, explainedThreshold: 0.2, atypicalityThreshold: 3 },
    },
    budgetMs: 50,
    everyBins: 2,
    source: { name: "rig", kind: "open-ephys" },
  },
  frame: {
    ...latents,
    width: 2,
    height: 1,
    image: Uint8Array.of(0, 127, 255, 1, 2, 3),
    steps: 2,
    decision: { estimateMs: 11.25, leftMs: 47.5, why: "time" },
    solver: "ddim",
    seed: 4_294_967_295,
    guidance: 1.5,
    steering: [0, -2.5],
    source: "rig",
    bundle: "sha256:00ff",
    sourceS: [1.92, 2.02],
    silentUnits: 0,
    clock: { offsetMs: -12.25, uncertaintyMs: 0.5 },
    deadlineMs: 2070.5,
    budgetMs: 50,
  },
  latents: {
    ...latents,
    state: "held",
    held: { seq: 40, bin: 102, ageMs: 61.5 },
    stamps: { ...latents.stamps, lastSpike: null },
  },
  spikes: {
    index: 100,
    startS: 2,
    widthMs: 20,
    units: borrowBin(Uint16Array.of(0, 2, 65_535)),
    offsetsMs: floats(0.25, 7.5, 19.875),
    closedMs: 2020.5,
  },
  event: {
    source: "rig",
    event: "text",
    text: "stimulus apple-3",
    sourceS: 2.01,
    atMs: 2011,
    stimulus: { id: "apple-3", url: "/stimuli/apple-3" },
  },
  status: {
    nowMs: 60_000,
    session: "6f1f0f0e-3f5c-4b0a-9a53-0d6c5f9b2a11",
    source: {
      name: "rig",
      kind: "open-ephys",
      state: "live",
      sinceMs: 12.5,
      detail: "",
      counters: { messages: 5000, spikes: 70_000, missed: 0 },
      clock: { offsetMs: -12.25, uncertaintyMs: 0.5 },
      backlog: { overloaded: true, ageMs: 312.5, overloads: 2 },
    },
    sources: [],
    decoder: {
      state: "ready",
      restarts: 0,
      pid: null,
      provider: "cpu",
      runner: "plain",
      precision: "fp32",
      reason: "as configured",
      costMs: { "1": 4.5, "2": 8.25 },
    },
    budget: {
      totalMs: 50,
      shares: { waitMs: null, modelMs: 40, writeMs: 0.375 },
      writeMeasured: true,
      lateFrames: "show-late",
      noTime: "hold",
      estimatesMs: { "1": 4.5, "2": 8.25 },
      steps: { "1": 10, "2": 2899 },
      decisions: { fits: 2800, time: 100, share: 0, rate: 0, "held-down": 9, "no-time": 14 },
      misses: 27,
    },
    ledger: {
      ...{ closed: 3000, inFlight: 1, bins: 2999, frames: 2900, superseded: 50 },
      ...{ expired: 20, failed: 9, gated: 20, late: 7 },
      ...{ discarded: 6, held: 5 },
    },
    latency: {
      ...{ total: percentiles, queue: percentiles, encode: percentiles, synthesise: percentiles },
      ...{ overhead: percentiles, age: percentiles, glass: { n: 0, p50: 0, p99: 0, p999: 0, max: 0 } },
    },
    viewers: [{ id: 1, offered: 2901, sent: 2880, dropped: 20, queued: 1 }],
    viewerTotals: { connected: 1, offered: 3001, sent: 2980, dropped: 20, queued: 1 },
    spikes: { total: 70_000, late: 3 },
    process: { rssBytes: 123_456_789, uptimeS: 60 },
  },
  dropped: { frames: 19, latents: 0, spikes: 4 },
  error: { code: "PROTOCOL_MALFORMED", message: "steer.gamma: expected 2 numbers, one per latent group, got 3" },
  pong: { id: 7, nowMs: 2040.25 },
};

/** One body of every client message. */
export const CLIENT: ClientBodies = {
  subscribe: { topics: ["frame", "latents", "spikes", "event", "status"] },
  steer: { gamma: [0, -2.5] },
  shown: { seq: 41, atMs: 2048.5 },
  ping: { id: 7 },
};
