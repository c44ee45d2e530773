import { describe, expect, test } from "vitest";
import { readBundleOf } from "../../daemon/bundle.ts";
import { parcels } from "../../src/decode/manifest-optimise.ts";
import { TINY_OPTIMISE, TINY_OPTIMISE_PRIOR } from "../integration/processes.ts";
import { decoderContract } from "./decoder-suite.ts";
import { openDecoder } from "./open-decoder.ts";

for (const runner of ["plain", "bound"] as const)
  decoderContract({
    name: `optimise, ${runner}`,
    dir: TINY_OPTIMISE,
    seeded: false,
    open: (seed) => openDecoder(TINY_OPTIMISE, runner, { seed }),
  });
decoderContract({ name: "optimise with a prior", dir: TINY_OPTIMISE_PRIOR, seeded: true });

const window = (length: number) => Float32Array.from({ length }, (_, i) => Math.cos(i));

describe("a descent that goes on from frame to frame", () => {
  test("comes to the same picture however its iterations are dealt to frames of the same window", async () => {
    const { decoder, manifest } = await openDecoder(TINY_OPTIMISE, "plain");
    const values = window(manifest.bins.window * manifest.units.count);
    const ask = (steps: number) => decoder.decode({ values, steps, steering: [] });
    const [, , fourth] = [await ask(1), await ask(1), await ask(2)];
    decoder.reset();
    const atOnce = await ask(4);
    expect(fourth.image).toEqual(atOnce.image);
    expect(fourth.expected).toEqual(atOnce.expected);
    expect([fourth.history, atOnce.history]).toEqual([2, 0]);
    await decoder.dispose();
  });

  test("explains the units of its window better with more iterations, and says nothing of latents", async () => {
    const { decoder, manifest } = await openDecoder(TINY_OPTIMISE, "plain");
    const values = window(manifest.bins.window * manifest.units.count);
    const apart = new Set(manifest.evidence.units);
    const error = (expected: Float32Array) => {
      const { window: bins } = manifest.bins;
      const observed = (unit: number) =>
        Array.from({ length: bins }, (_, b) => values[b * manifest.units.count + unit]!).reduce((a, b) => a + b) / bins;
      return expected.reduce((sum, e, unit) => sum + (apart.has(unit) ? 0 : (e - observed(unit)) ** 2), 0);
    };
    const first = await decoder.decode({ values, steps: 1, steering: [] });
    let last = first;
    for (let i = 0; i < 40; i++) last = await decoder.decode({ values, steps: 4, steering: [] });
    expect(error(last.expected)).toBeLessThan(error(first.expected));
    expect([last.mu.length, last.logvar.length, last.history]).toEqual([0, 0, 40]);
    await decoder.dispose();
  });
});

test("iterations are runs of the graphs that unroll some, the longest first", () => {
  expect(parcels(13, [1, 4])).toEqual([4, 4, 4, 1]);
  expect(parcels(3, [2])).toBeNull();
});

test("a manifest that its graphs cannot fulfil is refused, each problem named", async () => {
  const { parseManifest } = await import("../../src/decode/manifest.ts");
  const { manifest } = await readBundleOf(TINY_OPTIMISE, "optimise");
  const { evidence, optimise } = manifest;
  const { units: _, ...without } = evidence;
  const broken = { ...manifest, evidence: without, optimise: { ...optimise, unrolled: [2] } };
  expect(() => parseManifest(broken, "here")).toThrow(
    /BUNDLE_MANIFEST_INVALID.*evidence\.units: expected the units that are kept out, got "none"; optimise\.ladder: expected sums of unrolled \(2\), got 1/,
  );
  const neither = { ...manifest, optimise: { ...optimise, ladder: undefined } };
  expect(() => parseManifest(neither, "here")).toThrow(/optimise: expected ladder and unrolled, or prior/);
});
