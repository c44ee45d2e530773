import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readBundleOf } from "../../daemon/bundle.ts";
import { largestDifference } from "../../daemon/decoder/golden-compare.ts";
import { InProcessHost } from "../../daemon/decoder/in-process.ts";
import { readLinearGolden } from "../../daemon/decoder/linear-golden.ts";
import { normalise } from "../../src/ops/window.ts";
import { TINY_LINEAR } from "../integration/processes.ts";

const SHIPPED = fileURLToPath(new URL("../../models/demo-linear", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "phosphene-linear-"));
afterAll(() => rmSync(folder, { recursive: true }));

const start = async (dir: string, guidance: number | null = null) => {
  const { manifest } = await readBundleOf(dir, "linear");
  const states: string[] = [];
  const host = new InProcessHost({ dir, manifest, guidance, onState: (state) => states.push(state) });
  const started = host.start();
  await started.catch(() => {});
  return { host, started, states };
};

describe.each([TINY_LINEAR, SHIPPED].filter((dir) => existsSync(dir)))("%s", (dir) => {
  test("the matrices give what the trainer computed", async () => {
    const { host, started, states } = await start(dir);
    const info = await started;
    expect(info.goldenDifference).toBeLessThan(1e-4);
    expect(info).toMatchObject({
      kind: "linear",
      solver: "linear",
      provider: "in-process",
      steps: [1],
      guidance: null,
    });
    expect(info.costMs["1"]).toBeGreaterThan(0);
    expect(states).toEqual(["ready"]);
    expect([host.state, host.pid, host.restarts]).toEqual(["ready", null, 0]);
    await host.close();
  });

  test("our normalisation is the trainer's", async () => {
    const { manifest } = await readBundleOf(dir, "linear");
    const { cases } = await readLinearGolden(dir, manifest);
    for (const { counts, window } of cases)
      for (const [i, value] of normalise(counts, manifest.normalisation).entries())
        expect(value).toBeCloseTo(window[i]!, 4);
  });
});

describe("what is refused at start", () => {
  const spoiled = (name: string, change: (golden: { cases: Record<string, string>[] }) => void) => {
    const dir = join(folder, name);
    cpSync(TINY_LINEAR, dir, { recursive: true });
    const path = join(dir, "golden.json");
    const golden = JSON.parse(readFileSync(path, "utf8"));
    change(golden);
    writeFileSync(path, JSON.stringify(golden));
    return new InProcessHost({ dir, manifest: linear, guidance: null, onState: () => {} });
  };
  let linear: Awaited<ReturnType<typeof readBundleOf<"linear">>>["manifest"];

  test("golden outputs of other matrices", async () => {
    linear = (await readBundleOf(TINY_LINEAR, "linear")).manifest;
    const host = spoiled("other", ({ cases }) => {
      cases[0]!.image = cases[1]!.image!;
    });
    await expect(host.start()).rejects.toThrow(/BUNDLE_GOLDEN_MISMATCH.*case 0, image: expected agreement within/);
    expect(host.state).toBe("failed");
    const request = { values: new Float32Array(40), steps: 1, steering: [0, 0, 0, 0] };
    await expect(host.decode(request)).rejects.toThrow("DECODER_UNAVAILABLE");
  });

  test("a golden output that is missing", async () => {
    const host = spoiled("missing", ({ cases }) => Object.assign(cases[1]!, { readouts: {} }));
    await expect(host.start()).rejects.toThrow(/case 1, readout category: .* got a difference of Infinity/);
  });

  test("a guidance weight, which matrices do not have", async () => {
    const { started } = await start(TINY_LINEAR, 2);
    await expect(started).rejects.toThrow(/PARAMETER_INVALID.*decode\.guidance: expected null.*got 2/);
  });
});

test("a number that is none is different, wherever it is", () => {
  expect(largestDifference(Float32Array.of(Number.NaN, 1), Float32Array.of(1, 1))).toBeNaN();
  expect(largestDifference(Float32Array.of(1), Float32Array.of(1, 2))).toBe(Number.POSITIVE_INFINITY);
});
