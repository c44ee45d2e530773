import { afterEach, describe, expect, test, vi } from "vitest";
import type { DecoderState } from "../../daemon/decoder/host.ts";
import type { LoadOptions } from "../../daemon/decoder/ipc.ts";
import type { Way, WayChoice } from "../../daemon/decoder/providers.ts";
import { DecoderSupervisor } from "../../daemon/decoder/supervisor.ts";
import { surveyProviders } from "../../daemon/decoder/survey.ts";
import { FAILURES_BEFORE_FALLBACK } from "../../daemon/decoder/ways.ts";
import { balances } from "../../src/ledger.ts";
import { freePortPair, startDaemon, startRig, TINY } from "../integration/processes.ts";
import { TestViewer } from "../integration/test-viewer.ts";

// Nine decoder processes one after another, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 });

const LOAD: Omit<LoadOptions, "way"> = {
  ...{ dir: TINY, solver: "ddim", maxSteps: 4, guidance: null, seed: 1, threads: 1, keepWarmMs: null },
};
const REQUEST = { values: new Float32Array(40).fill(0.5), steps: 4, steering: [0, 0, 0, 0] };

/** A supervisor of real processes, with a book of what it said. */
function supervise(way: WayChoice) {
  const states: [DecoderState, string][] = [];
  const fallbacks: [Way, string][] = [];
  let onReady = () => {};
  const supervisor = new DecoderSupervisor({
    load: LOAD,
    way,
    stallMs: 5_000,
    backoffMs: 1,
    onState: (state, detail) => {
      states.push([state, detail]);
      if (state === "ready") onReady();
    },
    onFallback: (to, reason) => fallbacks.push([to, reason]),
  });
  const ready = () =>
    new Promise<void>((resolve) => {
      onReady = resolve;
    });
  return { supervisor, states, fallbacks, ready };
}

const before = process.env.PHOSPHENE_FAULT;
afterEach(() => {
  if (before === undefined) delete process.env.PHOSPHENE_FAULT;
  else process.env.PHOSPHENE_FAULT = before;
});

describe("a provider that fails", () => {
  test("out of memory: the process ends with the reason, the same way again, then another one; pictures are the same", async () => {
    process.env.PHOSPHENE_FAULT = "oom-at:2";
    const { supervisor, states, fallbacks, ready } = supervise({ provider: "cpu", runner: "bound" });
    expect(await supervisor.start()).toMatchObject({ provider: "cpu", runner: "bound", reason: "as configured" });
    const wanted = await supervisor.decode(REQUEST);
    for (let failure = 1; failure <= FAILURES_BEFORE_FALLBACK; failure++) {
      if (failure > 1) await supervisor.decode(REQUEST);
      expect(fallbacks).toEqual([]);
      expect(supervisor.info?.runner).toBe("bound");
      const again = ready();
      await expect(supervisor.decode(REQUEST)).rejects.toThrow(
        /DECODER_FAILED.*the decoder process ended \(CUDA failure 2: out of memory/,
      );
      await again;
    }
    expect(fallbacks).toEqual([
      [
        { provider: "cpu", runner: "plain" },
        expect.stringMatching(/^cpu \(bound\) failed 3 times in a row, at last: CUDA/),
      ],
    ]);
    expect(supervisor.info).toMatchObject({ provider: "cpu", runner: "plain", reason: fallbacks[0]![1] });
    expect(supervisor.restarts).toBe(FAILURES_BEFORE_FALLBACK);
    const { image, mu } = await supervisor.decode(REQUEST);
    expect(image).toEqual(wanted.image);
    expect(mu).toEqual(wanted.mu);
    expect(states.filter(([state]) => state === "failed")).toEqual([]);
    await supervisor.close();
  });

  test.each(["exit-at:1", "hang-at:1"])("%s at its first window counts as well", async (fault) => {
    process.env.PHOSPHENE_FAULT = fault;
    const { supervisor, fallbacks, ready } = supervise({ provider: "cpu", runner: "bound" });
    await supervisor.start();
    for (let failure = 0; failure < FAILURES_BEFORE_FALLBACK; failure++) {
      const again = ready();
      const lost = expect(supervisor.decode(REQUEST)).rejects.toThrow(/DECODER_FAILED/);
      // What the stall timer does, without its seconds.
      if (fault.startsWith("hang")) process.kill(supervisor.pid!, "SIGKILL");
      await lost;
      await again;
    }
    expect(fallbacks.map(([to]) => to)).toEqual([{ provider: "cpu", runner: "plain" }]);
    await supervisor.close();
  });
});

describe("a provider that cannot be had", () => {
  const { cuda, webgpu } = surveyProviders();

  test.runIf(cuda !== null)("cuda by name: a coded error that says what is missing, and no process", async () => {
    const { supervisor } = supervise({ provider: "cuda", runner: "auto" });
    await expect(supervisor.start()).rejects.toThrow(/PROVIDER_UNAVAILABLE\] decode\.provider: expected cuda, got "no/);
    expect(supervisor.pid).toBeNull();
    await supervisor.close();
  });

  test.runIf(webgpu !== null)("webgpu by name", async () => {
    const { supervisor } = supervise({ provider: "webgpu", runner: "auto" });
    await expect(supervisor.start()).rejects.toThrow(/PROVIDER_UNAVAILABLE\] decode\.provider: expected webgpu/);
    await supervisor.close();
  });

  test.runIf(cuda !== null && webgpu !== null)("auto works on, and says why it is the CPU", async () => {
    const { supervisor, states } = supervise({ provider: "auto", runner: "auto" });
    const { provider, reason } = await supervisor.start();
    expect(provider).toBe("cpu");
    expect(reason).toContain(`cuda: ${cuda}`);
    expect(reason).toContain(`webgpu: ${webgpu}`);
    expect(states.at(-1)![1]).toContain(reason);
    await supervisor.close();
  });
});

test("the whole daemon: an event and a log line at the fallback, /status says which and why, the ledger balances", async () => {
  const port = await freePortPair();
  await using _rig = await startRig(port);
  const config = { decode: { provider: "cpu", runner: "bound" } };
  process.env.PHOSPHENE_FAULT = "oom-at:3";
  await using daemon = await startDaemon(port, config);
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event");
  const { text } = await viewer.next("event", (event) => event.text.startsWith("decoder falls back"), 0);
  expect(text).toBe("decoder falls back to cpu (plain)");
  await viewer.next("event", (event) => event.text === "decoder ready");
  const { decoder, ledger } = await daemon.status();
  // The processes after the fallback have the fault too, and no way is left: each is followed by another.
  expect(decoder).toMatchObject({ provider: "cpu", runner: "plain" });
  expect(decoder.restarts).toBeGreaterThanOrEqual(FAILURES_BEFORE_FALLBACK);
  expect(decoder.reason).toMatch(/^cpu \(bound\) failed 3 times in a row, at last: CUDA failure 2/);
  expect(ledger.failed).toBeGreaterThanOrEqual(FAILURES_BEFORE_FALLBACK);
  expect(balances(ledger)).toBe(true);
  await daemon.process.saw(/decoder falls back to cpu \(plain\): cpu \(bound\) failed 3 times in a row/);
});
