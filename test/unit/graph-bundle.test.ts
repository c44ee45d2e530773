// Bundles that are nothing but graphs, on one made of the tiny bundle's encoder and denoiser: real graphs, golden numbers of PyTorch.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBundleOf } from "../../daemon/bundle.ts";
import { openBound } from "../../daemon/decoder/bound.ts";
import { readGolden } from "../../daemon/decoder/golden.ts";
import { checkGraphGolden, readGraphGolden } from "../../daemon/decoder/graph-golden.ts";
import {
  coarsest,
  type GraphBundleManifest,
  type GraphKind,
  type OpenedGraph,
  openGraphs,
  warmRun,
} from "../../daemon/decoder/graph-kind.ts";
import { readoutShapes } from "../../daemon/decoder/request.ts";
import { TINY } from "../integration/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "phosphene-graphs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const kind: GraphKind<GraphBundleManifest> = {
  shapes: (m) => ({
    encode: {
      inputs: { window: [1, m.bins.window, m.units.count] },
      outputs: { mu: [1, 8], logvar: [1, 8], expected: [1, m.units.count], ...readoutShapes(m) },
      precise: true,
    },
    step: { inputs: { x: [1, 3, 16, 16], t: [1], cond: [1, 8], guidance: [1] }, outputs: { v: [1, 3, 16, 16] } },
  }),
  make: () => {
    throw new Error("not needed here");
  },
};

let dir: string;
let manifest: GraphBundleManifest;
let golden: { tolerance: number; halfTolerance: number; cases: { counts: string; graphs: Record<string, Run> }[] };
interface Run {
  inputs: Record<string, string>;
  outputs: Record<string, string>;
}
const base64 = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
const write = (value: unknown) => writeFileSync(join(dir, "graph-golden.json"), JSON.stringify(value));

beforeAll(async () => {
  dir = join(folder, "bundle");
  cpSync(TINY, dir, { recursive: true });
  const tiny = (await readBundleOf(TINY, "diffusion")).manifest;
  const { encode, step, half, weights } = tiny.files;
  const files = {
    graphs: { encode, step },
    half: { step: half!.step },
    weights,
    golden: { path: "graph-golden.json", sha256: "0".repeat(64), bytes: 1 },
  };
  manifest = { ...tiny, files } as unknown as GraphBundleManifest; // of no kind that there is
  const { tolerance, halfTolerance, cases } = await readGolden(TINY, tiny);
  const cond = (c: (typeof cases)[number]) => ({ cond: base64(c.mu), guidance: base64(Float32Array.of(c.guidance)) });
  golden = {
    ...{ tolerance, halfTolerance },
    cases: cases.map((c) => ({
      counts: base64(c.counts),
      graphs: {
        encode: {
          inputs: { window: base64(c.window) },
          outputs: {
            ...{ mu: base64(c.mu), logvar: base64(c.logvar), expected: base64(c.expected) },
            ...Object.fromEntries(
              Object.entries(c.readouts).map(([name, values]) => [`readout_${name}`, base64(values)]),
            ),
          },
        },
        step: {
          inputs: { x: base64(c.noise), t: base64(Float32Array.of(c.v.t)), ...cond(c) },
          outputs: { v: base64(c.v.out) },
        },
      },
    })),
  };
});

const using = async <T>(graphs: Map<string, OpenedGraph>, use: () => Promise<T>): Promise<T> => {
  try {
    return await use();
  } finally {
    for (const { graph } of graphs.values()) await graph.release();
  }
};

describe.each(["plain", "bound"] as const)("a graph bundle, %s", (runner) => {
  const open = () => openGraphs(dir, manifest, kind, 1, { provider: "cpu", runner });

  test("reproduces its golden outputs within the tolerance", async () => {
    write(golden);
    const graphs = await open();
    await using(graphs, async () => {
      expect(await checkGraphGolden(dir, manifest, graphs)).toBeLessThan(golden.tolerance);
      expect(coarsest(graphs)).toBe("fp32");
      await expect(warmRun(graphs)()).resolves.toHaveProperty("mu");
    });
  });

  test.each<[string, (value: typeof golden) => unknown, RegExp]>([
    [
      "another number",
      (g) => (g.cases[1]!.graphs.step!.outputs.v = g.cases[0]!.graphs.step!.outputs.v!),
      /case 1, step\.v: expected agreement within/,
    ],
    [
      "a graph without a case",
      (g) => {
        for (const each of g.cases) delete each.graphs.step;
      },
      /golden cases of step: expected at least one, got none/,
    ],
    [
      "a graph that there is not",
      (g) => (g.cases[0]!.graphs.other = g.cases[0]!.graphs.step!),
      /case 0: expected a graph of the bundle, got other/,
    ],
    [
      "an input that is too short",
      (g) => (g.cases[0]!.graphs.step!.inputs.cond = base64(Float32Array.of(1))),
      /case 0, step: input cond: expected 8 numbers, got 1 numbers/,
    ],
    [
      "an output that nobody computed",
      (g) => delete g.cases[0]!.graphs.encode!.outputs.logvar,
      /case 0, encode: output logvar: expected 8 numbers, got none/,
    ],
    ["no cases", (g) => (g.cases = []), /cases/],
  ])("is refused for golden outputs with %s", async (_, change, message) => {
    const changed = structuredClone(golden);
    change(changed);
    write(changed);
    const graphs = await open();
    const problem = await using(graphs, () => checkGraphGolden(dir, manifest, graphs).catch((error: unknown) => error));
    expect(String(problem)).toMatch("BUNDLE_GOLDEN_MISMATCH");
    expect(String(problem)).toMatch(message);
  });
});

test("golden outputs that are no JSON, or not of its shape, are refused with what is wrong", async () => {
  writeFileSync(join(dir, "graph-golden.json"), "{");
  await expect(readGraphGolden(dir, manifest)).rejects.toThrow(
    /BUNDLE_GOLDEN_MISMATCH.*graph-golden\.json: expected JSON/,
  );
  write({ ...golden, tolerance: "small" });
  await expect(readGraphGolden(dir, manifest)).rejects.toThrow(/BUNDLE_GOLDEN_MISMATCH.*tolerance: .*expected number/);
});

test("on a GPU the half of a graph is taken, but for what must be precise", async () => {
  write(golden);
  const openCpu = openBound("cpu", 1);
  const asked: [path: string, tf32: boolean][] = [];
  const graphs = await openGraphs(dir, manifest, kind, 1, { provider: "cuda", runner: "bound" }, async (...graph) => {
    asked.push([graph[0].slice(dir.length + 1), graph[3]]);
    return openCpu(...graph);
  });
  await using(graphs, async () => {
    expect(asked).toEqual([
      ["encode.onnx", false],
      ["step-half.onnx", false],
    ]);
    expect(coarsest(graphs)).toBe("fp16");
    const difference = await checkGraphGolden(dir, manifest, graphs);
    expect(difference).toBeGreaterThan(1e-5);
    expect(difference).toBeLessThan(golden.halfTolerance);
  });
});

test("a bundle without one of the kind's graphs, or with one more, is refused", async () => {
  const { encode, step } = manifest.files.graphs;
  const of = (graphs: object) => ({ ...manifest, files: { ...manifest.files, graphs } }) as GraphBundleManifest;
  await expect(openGraphs(dir, of({ encode }), kind, 1)).rejects.toThrow(/BUNDLE_GRAPH_MISMATCH.*got "no step"/);
  await expect(openGraphs(dir, of({ encode, step, extra: step }), kind, 1)).rejects.toThrow(
    /BUNDLE_GRAPH_MISMATCH.*expected one of encode, step, got "extra"/,
  );
});
