import { beforeEach, describe, expect, test } from "vitest";
import { balance } from "../../clients/viewer/lib/balance.ts";
import { freshness, staleAfterMs } from "../../clients/viewer/lib/freshness.ts";
import { applyMessage, emptyState, type ViewerState } from "../../clients/viewer/lib/state.ts";
import type { FrameBody, HelloBody, ServerMessage } from "../../src/protocol/messages.ts";

const bytes = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);

const hello: HelloBody = {
  ...{ protocol: 1, server: "phosphene/0.1.0", session: "a", nowMs: 0, unixMs: 0, budgetMs: 50, everyBins: 2 },
  source: { name: "rig", kind: "open-ephys" },
  ...{ role: "operator", viewer: 1, guidance: null, present: false },
  bundle: {
    ...{ name: "tiny", kind: "diffusion", digest: "d", units: 2, unitLabels: ["E1.1", "E2.1"] },
    bins: { widthMs: 20, window: 5 },
    image: { width: 1, height: 1, channels: 3 },
    latents: { dimension: 2, groups: [{ name: "all", size: 2 }] },
    readouts: [],
    evidence: { bitsThreshold: 1, explainedThreshold: 0.1, atypicalityThreshold: 2, missing: {} },
  },
};

function frame(seq: number, changes: Partial<FrameBody> = {}): ServerMessage {
  const stamps = {
    lastSpike: 90,
    arrived: 100,
    closed: 100,
    dispatched: 100,
    started: 100,
    encoded: 105,
    stepped: [118],
    synthesised: 118,
    received: 119,
    written: 120,
  };
  const origin = {
    source: "rig",
    bundle: "d",
    sourceS: [0, 0.1] as [number, number],
    clock: { offsetMs: 0, uncertaintyMs: 1 },
  };
  return {
    ...{
      type: "frame",
      seq,
      state: "ok",
      held: null,
      width: 1,
      height: 1,
      image: Uint8Array.of(1, 2, 3),
      steps: 4,
      decision: { estimateMs: 15, leftMs: 48, why: "fits" },
      solver: "ddim",
    },
    ...{
      mu: bytes([1, -1]),
      logvar: bytes([0, -2]),
      bits: [2, 3],
      explained: 0.5,
      atypicality: 1,
      seed: 7,
      history: 0,
      guidance: null,
      steering: [0],
    },
    ...{
      readouts: { category: bytes([0.25, 0.75]) },
      bins: [0, 4],
      stamps,
      silentUnits: 0,
      deadlineMs: 150,
      budgetMs: 50,
      ...origin,
    },
    ...changes,
  };
}

let state: ViewerState;
beforeEach(() => {
  state = emptyState();
  state.link.phase = "open";
  applyMessage(state, { type: "hello", ...hello }, 0);
});

describe("state of the viewer", () => {
  test("a frame brings its latency, the age of its newest spike, its bits and its latents", () => {
    applyMessage(state, frame(3), 1000);
    expect(state.frame).toMatchObject({ seq: 3, totalMs: 20, ageMs: 30, bits: 5, arrivedAtMs: 1000 });
    expect([...state.frame!.readouts.category!]).toEqual([0.25, 0.75]);
    expect([...state.latents!.mu]).toEqual([1, -1]);
    expect(state.latents!.sd[1]).toBeCloseTo(Math.exp(-1));
  });

  test("a held picture is never taken for a new one: it has its age, and why there was no time", () => {
    applyMessage(state, frame(3), 1000);
    expect(state.frame).toMatchObject({ heldMs: null, why: "fits" });
    const decision = { estimateMs: 15, leftMs: 3, why: "no-time" as const };
    applyMessage(state, frame(4, { state: "held", held: { seq: 3, bin: 12, ageMs: 85 }, decision }), 1040);
    expect(state.frame).toMatchObject({ seq: 4, state: "held", heldMs: 85, why: "no-time" });
    applyMessage(state, frame(5), 1080);
    expect(state.frame).toMatchObject({ heldMs: null });
  });

  test("latents that overtook their frame are kept", () => {
    applyMessage(state, frame(5), 0);
    applyMessage(state, frame(4), 1);
    expect(state.latents!.seq).toBe(5);
  });

  test("another session begins with nothing of the former one, on the same link", () => {
    const { link } = state;
    applyMessage(state, frame(9), 0);
    applyMessage(state, { type: "dropped", frames: 2, latents: 0, spikes: 1 }, 0);
    applyMessage(state, { type: "hello", ...hello, session: "b" }, 1);
    expect(state.link).toBe(link);
    expect([state.frame, state.latents, state.dropped.frames]).toEqual([null, null, 0]);
    applyMessage(state, frame(0), 2);
    expect(state.latents!.seq).toBe(0);
  });

  test("the same session keeps what it had", () => {
    applyMessage(state, frame(9), 0);
    applyMessage(state, { type: "hello", ...hello }, 1);
    expect(state.frame?.seq).toBe(9);
  });

  test("another bundle in the same session: the picture stays until the next frame, nothing else of the former one", () => {
    applyMessage(state, frame(9, { bins: [3, 7] }), 0);
    const { history } = state;
    const bundle = { ...hello.bundle, digest: "e", latents: { dimension: 0, groups: [] } };
    applyMessage(state, { type: "hello", ...hello, bundle }, 1);
    expect(state.frame).toMatchObject({ seq: 9, readouts: {}, bits: null, explained: null, atypicality: null });
    expect([state.latents, state.cdf.n, state.stages.newest]).toEqual([null, 0, null]);
    expect(state.history).toBe(history);
    const none = new Uint8Array();
    const measures = { mu: none, logvar: none, bits: [], explained: 0.25, atypicality: null, history: 12 };
    applyMessage(state, frame(10, { ...measures, bundle: "e" }), 2);
    expect(state.frame).toMatchObject({ bits: null, explained: 0.25, atypicality: null, history: 12, bundle: "e" });
    expect([state.latents!.mu.length, state.latents!.sd.length]).toEqual([0, 0]);
  });

  test("bins smooth the distance between source time and closing, a jump is taken at once", () => {
    const bin = (index: number, closedMs: number): ServerMessage => {
      const data = { units: Uint8Array.of(1, 0), offsetsMs: bytes([3]) };
      return { type: "spikes", index, startS: index * 0.02, widthMs: 20, closedMs, ...data };
    };
    applyMessage(state, bin(0, 120), 0);
    expect(state.lagMs).toBeCloseTo(100);
    applyMessage(state, bin(1, 160), 0);
    expect(state.lagMs).toBeCloseTo(101);
    applyMessage(state, bin(2, 9060), 0);
    expect(state.lagMs).toBeCloseTo(9000);
    expect([...state.raster.newest!.units]).toEqual([1]);
  });

  test("a stimulus goes to the track, other texts and errors to the note", () => {
    const event = { type: "event", n: 0, source: "rig", event: "text", sourceS: 2, atMs: 0 } as const;
    applyMessage(state, { ...event, text: "stimulus x", stimulus: { id: "x", url: "/stimuli/x" } }, 0);
    applyMessage(state, { ...event, text: "decoder restarted", stimulus: null }, 7);
    expect(state.stimuli.current?.id).toBe("x");
    expect(state.note).toEqual({ text: "decoder restarted", atMs: 7, fault: false });
    applyMessage(state, { type: "error", code: "PROTOCOL_RATE", message: "slower", id: null }, 8);
    expect(state.note).toMatchObject({ text: "PROTOCOL_RATE: slower", fault: true });
  });
});

describe("freshness", () => {
  test("stale after three bins and the budget", () => {
    expect(staleAfterMs(state)).toBe(110);
    expect(freshness(state, 0)).toMatchObject({ kind: "waiting" });
    applyMessage(state, frame(0), 1000);
    expect(freshness(state, 1110)).toEqual({ kind: "fresh" });
    expect(freshness(state, 1111)).toMatchObject({ kind: "stale", title: "stale for 0.1 s" });
  });

  test("where only every fifth bin is decoded, the next frame is waited for", () => {
    applyMessage(state, frame(0, { bins: [0, 4] }), 0);
    applyMessage(state, frame(1, { bins: [10, 14] }), 200);
    applyMessage(state, frame(2, { bins: [5, 19] }), 300);
    expect(staleAfterMs(state)).toBe(6 * 20 + 50);
  });

  test("a socket that is down says so, whatever the picture's age", () => {
    applyMessage(state, frame(0), 1000);
    Object.assign(state.link, { phase: "down", everOpen: true });
    expect(freshness(state, 1001)).toMatchObject({ kind: "reconnecting", title: "reconnecting" });
  });
});

test("the ledger balances only when both identities hold", () => {
  const even = {
    closed: 11,
    inFlight: 1,
    bins: 10,
    frames: 6,
    superseded: 1,
    expired: 1,
    failed: 1,
    gated: 1,
    ...{ late: 2, discarded: 0, held: 0 },
  };
  expect(balance(even)).toBe(0);
  expect(balance({ ...even, gated: 0 })).toBe(1);
  expect(balance({ ...even, inFlight: 0 })).toBe(1);
});
