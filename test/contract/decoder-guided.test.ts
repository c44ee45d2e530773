import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Decoder } from "../../src/decode/decoder.ts";
import type { BundleFile, Manifest } from "../../src/decode/manifest.ts";
import { TINY_GUIDED } from "../integration/processes.ts";
import { decoderContract } from "./decoder-suite.ts";
import { openDecoder } from "./open-decoder.ts";

const exactly = { solver: "exact", maxSteps: 8 } as const;
decoderContract({ name: "guided", dir: TINY_GUIDED, seeded: true });
decoderContract({
  name: "guided, exact way, bound",
  dir: TINY_GUIDED,
  seeded: true,
  open: (seed) => openDecoder(TINY_GUIDED, "bound", { seed, ...exactly }),
});

let decoder: Decoder;
let manifest: Manifest;
beforeAll(async () => {
  ({ decoder, manifest } = await openDecoder(TINY_GUIDED, "plain", exactly));
});
afterAll(() => decoder.dispose());

const values = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
const decode = (steps: number, group: number | null, gamma: number, guidance: number) =>
  decoder.decode({ values, steps, steering: [0, 1, 2, 3].map((i) => (i === group ? gamma : 0)), guidance });

test("the exact way's steps come after the student's", () => {
  expect(decoder.steps).toEqual([1, 2, 4, 8]);
  expect(decoder.solver).toBe("exact");
});

test.each([1, 8])(
  "with %i steps every slider and the guidance change the picture, and nothing said of the window",
  async (steps) => {
    const reference = await decode(steps, null, 0, 1);
    const others = [await decode(steps, null, 0, 4)];
    for (const group of [0, 1, 2, 3]) others.push(await decode(steps, group, 3, 1));
    for (const { image, mu, expected: explained, readouts } of others) {
      expect(image).not.toEqual(reference.image);
      expect({ mu, explained, readouts }).toEqual({
        mu: reference.mu,
        explained: reference.expected,
        readouts: reference.readouts,
      });
    }
  },
);

test("without guidance the exact way returns the student's picture, whatever is shifted", async () => {
  const { image } = await decode(4, null, 0, 0);
  for (const gamma of [0, 3]) {
    const back = (await decode(8, 1, gamma, 0)).image;
    const apart = back.reduce((sum, value, i) => sum + Math.abs(value - image[i]!), 0) / image.length;
    expect(apart).toBeLessThan(16);
  }
});

test("a shift beyond what the student was taught counts as the largest", async () => {
  expect(manifest.kind === "guided" && manifest.gamma.largest).toBe(3);
  expect((await decode(2, 0, 9, 1)).image).toEqual((await decode(2, 0, 3, 1)).image);
});

test("unless it is asked for, the exact way is not taken", async () => {
  const opened = await openDecoder(TINY_GUIDED, "plain");
  expect(opened.decoder.steps).toEqual([1, 2, 4]);
  expect(opened.decoder.solver).toBe("ddim");
  await opened.decoder.dispose();
});

test("asked of a bundle without its graphs, it is refused; with one of the two the manifest is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-guided-"));
  try {
    cpSync(TINY_GUIDED, folder, { recursive: true });
    const { exact: _exact, ...whole } = JSON.parse(readFileSync(join(TINY_GUIDED, "manifest.json"), "utf8"));
    const { denoise: _denoise, guide, ...students } = whole.files.graphs;
    const write = (graphs: object, golden: string) =>
      writeFileSync(
        join(folder, "manifest.json"),
        JSON.stringify({ ...whole, files: { ...whole.files, graphs, golden: entry(folder, golden) } }),
      );
    write({ ...students, guide }, "golden.json");
    await expect(openDecoder(folder, "plain")).rejects.toThrow("graphs of the exact way: expected 0, got 1");
    const golden = JSON.parse(readFileSync(join(folder, "golden.json"), "utf8"));
    for (const { graphs } of golden.cases) for (const name of ["denoise", "guide"]) delete graphs[name];
    writeFileSync(join(folder, "golden.json"), JSON.stringify(golden));
    write(students, "golden.json");
    await expect(openDecoder(folder, "plain", exactly)).rejects.toThrow("[PARAMETER_INVALID] decode.solver");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function entry(folder: string, path: string): BundleFile {
  const data = readFileSync(join(folder, path));
  return { path, sha256: createHash("sha256").update(data).digest("hex"), bytes: data.length };
}
