import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readBundle, readBundleOf } from "../../daemon/bundle.ts";
import { openBound } from "../../daemon/decoder/bound.ts";
import { sampler, stepwise } from "../../daemon/decoder/diffusion.ts";
import { checkGolden, readGolden } from "../../daemon/decoder/golden.ts";
import { loadGraphs } from "../../daemon/decoder/graphs.ts";
import { FUSED_STEPS } from "../../src/decode/manifest.ts";
import { normalise } from "../../src/ops/window.ts";
import { TINY } from "../integration/processes.ts";

const DEMO = fileURLToPath(new URL("../../models/demo", import.meta.url));
const bundles = [TINY, ...(existsSync(DEMO) ? [DEMO] : [])];
const folder = mkdtempSync(join(tmpdir(), "phosphene-bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the shipped bundle is there", () => expect(existsSync(DEMO)).toBe(true));

describe.each(bundles)("%s", (dir) => {
  test("ONNX Runtime reproduces what PyTorch computed", async () => {
    const { manifest } = await readBundleOf(dir, "diffusion");
    const graphs = await loadGraphs(dir, manifest, 2);
    expect(await checkGolden(dir, manifest, graphs)).toBeLessThan((await readGolden(dir, manifest)).tolerance);
  });

  test("so do bound graphs", async () => {
    const { manifest } = await readBundleOf(dir, "diffusion");
    const graphs = await loadGraphs(dir, manifest, 2, { provider: "cpu", runner: "bound" });
    expect(await checkGolden(dir, manifest, graphs)).toBeLessThan((await readGolden(dir, manifest)).tolerance);
    for (const graph of [graphs.encode, graphs.step, ...graphs.sample.values()]) await graph.release();
  });

  test("our normalisation is the trainer's", async () => {
    const { manifest } = await readBundleOf(dir, "diffusion");
    const { cases } = await readGolden(dir, manifest);
    for (const { counts, window } of cases)
      for (const [i, value] of normalise(counts, manifest.normalisation).entries())
        expect(value).toBeCloseTo(window[i]!, 4);
  });

  test.each(FUSED_STEPS)("%i fused steps equal the same steps one by one", async (k) => {
    const { manifest } = await readBundleOf(dir, "diffusion");
    const graphs = await loadGraphs(dir, manifest, 2);
    const { cases } = await readGolden(dir, manifest);
    for (const { noise, mu, guidance } of cases) {
      const fused = await sampler(graphs, manifest, "ddim", k, guidance)(noise, mu);
      const steps = await stepwise(graphs, manifest, "ddim", k, guidance)(noise, mu);
      const worst = fused.reduce((max, value, i) => Math.max(max, Math.abs(value - steps[i]!)), 0);
      expect(worst).toBeLessThan(1e-4);
    }
  });
});

test("graphs that compute in fp16 are held to their own tolerance", async () => {
  const { manifest } = await readBundleOf(TINY, "diffusion");
  // The files that CUDA takes, on the CPU: what the provider adds is measured on a GPU.
  const open = openBound("cpu", 2);
  const way = { provider: "cuda", runner: "bound" } as const;
  const half = await loadGraphs(TINY, manifest, 2, way, async (...graph) => open(...graph));
  expect(half.precision).toEqual({ encode: "fp32", sample: "fp16" });
  const difference = await checkGolden(TINY, manifest, half);
  expect(difference).toBeGreaterThan(1e-5);
  expect(difference).toBeLessThan((await readGolden(TINY, manifest)).halfTolerance);
});

describe("a bundle that is not what it says", () => {
  const copy = (name: string) => {
    const dir = join(folder, name);
    cpSync(TINY, dir, { recursive: true });
    return dir;
  };
  const edit = (dir: string, change: (manifest: { bins: { window: number } }) => void) => {
    const path = join(dir, "manifest.json");
    const manifest = JSON.parse(readFileSync(path, "utf8"));
    change(manifest);
    writeFileSync(path, JSON.stringify(manifest));
  };

  test("one changed byte in the weights", async () => {
    const dir = copy("weights");
    const bytes = readFileSync(join(dir, "weights.bin"));
    bytes[1000]! ^= 1;
    writeFileSync(join(dir, "weights.bin"), bytes);
    await expect(readBundle(dir)).rejects.toThrow(/BUNDLE_DIGEST_MISMATCH.*weights\.bin: expected sha256/);
  });

  test("a missing file", async () => {
    const dir = copy("missing");
    rmSync(join(dir, "step.onnx"));
    await expect(readBundle(dir)).rejects.toThrow(/BUNDLE_MISSING.*step\.onnx: files\.step/);
  });

  test("graphs of other shapes", async () => {
    const dir = copy("shapes");
    edit(dir, (manifest) => {
      manifest.bins.window = 6;
    });
    const { manifest } = await readBundleOf(dir, "diffusion");
    await expect(loadGraphs(dir, manifest, 1)).rejects.toThrow(
      /BUNDLE_GRAPH_MISMATCH.*encode\.onnx: input window: expected shape \[1, 6, 8\], got \[1, 5, 8\]/,
    );
  });

  test("golden outputs of another network", async () => {
    const { manifest } = await readBundleOf(TINY, "diffusion");
    const graphs = await loadGraphs(TINY, manifest, 1);
    const dir = copy("golden");
    const golden = JSON.parse(readFileSync(join(dir, "golden.json"), "utf8"));
    golden.cases[0].images["2"] = golden.cases[0].images["4"];
    writeFileSync(join(dir, "golden.json"), JSON.stringify(golden));
    await expect(checkGolden(dir, manifest, graphs)).rejects.toThrow(/BUNDLE_GOLDEN_MISMATCH.*image at 2 steps/);
  });
});
