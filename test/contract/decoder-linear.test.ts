import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readBundleOf } from "../../daemon/bundle.ts";
import { linearDecoder } from "../../daemon/decoder/linear.ts";
import { linearModel } from "../../src/decode/linear.ts";
import { TINY_LINEAR } from "../integration/processes.ts";
import { decoderContract } from "./decoder-suite.ts";

const open = async () => {
  const { manifest } = await readBundleOf(TINY_LINEAR, "linear");
  const model = linearModel(manifest, await readFile(join(TINY_LINEAR, manifest.files.matrices.path)));
  return { manifest, decoder: linearDecoder(model, manifest) };
};

decoderContract({ name: "linear", dir: TINY_LINEAR, open, seeded: false });

test("what it answered stays as it is when the next window comes", async () => {
  const { manifest, decoder } = await open();
  const steering = manifest.latents.groups.map(() => 0);
  const length = manifest.bins.window * manifest.units.count;
  const first = await decoder.decode({ values: new Float32Array(length).fill(1), steps: 1, steering });
  const kept = structuredClone(first);
  await decoder.decode({ values: new Float32Array(length).fill(-1), steps: 1, steering });
  expect(first).toEqual(kept);
});
