import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readBundle } from "../../daemon/bundle.ts";
import { readGraphGolden } from "../../daemon/decoder/graph-golden.ts";
import { openKind } from "../../daemon/decoder/kinds.ts";
import { DecoderSupervisor } from "../../daemon/decoder/supervisor.ts";
import { surveyProviders } from "../../daemon/decoder/survey.ts";
import { normalise } from "../../src/ops/window.ts";

/** Of 256: fp16 or tf32 on a GPU against fp32. */
const LEVELS = 7;
const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = [join(root, "models"), join(root, "test/fixtures")].flatMap((folder) =>
  readdirSync(folder).map((name) => join(folder, name)),
);
const bundles = (await Promise.all(folders.map(readBundle))).filter(
  ({ manifest }) => manifest.kind !== "linear" && manifest.kind !== "diffusion",
);
const opened: { dispose(): Promise<void> }[] = [];
afterAll(async () => {
  for (const decoder of opened) await decoder.dispose();
});

test("there are bundles of graphs", () => expect(bundles.length).toBeGreaterThan(3));

describe.each(bundles.map((bundle) => [bundle.dir.slice(root.length), bundle] as const))("%s", (_, bundle) => {
  const { dir, manifest } = bundle;
  if (manifest.kind === "linear" || manifest.kind === "diffusion") throw new Error("of another kind");

  test.each(["plain", "bound"] as const)("ONNX Runtime reproduces what PyTorch computed, %s", async (runner) => {
    const { tolerance } = await readGraphGolden(dir, manifest);
    const options = { solver: "ddim", maxSteps: 64, guidance: null, seed: 1, threads: 2 } as const;
    const { decoder, goldenDifference } = await openKind(
      dir,
      manifest,
      { ...options, way: { provider: "cpu", runner } },
      () => {},
    );
    opened.push(decoder);
    expect(goldenDifference).toBeLessThan(tolerance);
  });

  test.runIf(surveyProviders().cuda === null)("a GPU makes the CPU's picture, with bound graphs", async () => {
    const steps = 1;
    const values = Float32Array.from({ length: manifest.bins.window * manifest.units.count }, (_, i) => Math.sin(i));
    const images: Uint8Array[] = [];
    for (const provider of ["cuda", "cpu"] as const) {
      const load = {
        dir,
        solver: "ddim",
        maxSteps: 64,
        guidance: null,
        seed: 1,
        threads: 2,
        keepWarmMs: null,
      } as const;
      const way = { provider, runner: provider === "cuda" ? "bound" : "auto" } as const;
      const supervisor = new DecoderSupervisor({ load, way, stallMs: 10_000, onState: () => {} });
      try {
        const { provider: taken, runner } = await supervisor.start();
        expect([taken, runner]).toEqual([provider, provider === "cuda" ? "bound" : "plain"]);
        const { image } = await supervisor.decode({ values, steps, steering: manifest.latents.groups.map(() => 0) });
        images.push(image);
      } finally {
        await supervisor.close();
      }
    }
    const worst = images[0]!.reduce((most, value, i) => Math.max(most, Math.abs(value - images[1]![i]!)), 0);
    expect(worst).toBeLessThanOrEqual(LEVELS);
  });

  test("our normalisation is the trainer's", async () => {
    const { cases } = await readGraphGolden(dir, manifest);
    const windows = cases.flatMap(({ counts, graphs }) =>
      Object.values(graphs).flatMap(({ inputs }) =>
        inputs.window === undefined ? [] : [{ counts, window: inputs.window }],
      ),
    );
    expect(windows.length).toBeGreaterThan(0);
    for (const { counts, window } of windows)
      for (const [i, value] of normalise(counts, manifest.normalisation).entries())
        expect(value).toBeCloseTo(window[i]!, 4);
  });
});
