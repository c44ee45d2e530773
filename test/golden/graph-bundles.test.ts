import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readBundle } from "../../daemon/bundle.ts";
import { readGraphGolden } from "../../daemon/decoder/graph-golden.ts";
import { openKind } from "../../daemon/decoder/kinds.ts";
import { normalise } from "../../src/ops/window.ts";

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
