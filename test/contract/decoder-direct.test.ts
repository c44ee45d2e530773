import { afterAll, beforeAll, expect, test } from "vitest";
import type { Decoder } from "../../src/decode/decoder.ts";
import type { Manifest } from "../../src/decode/manifest.ts";
import { TINY_DIRECT } from "../integration/processes.ts";
import { decoderContract } from "./decoder-suite.ts";
import { openDecoder } from "./open-decoder.ts";

decoderContract({ name: "direct", dir: TINY_DIRECT, seeded: false });
decoderContract({
  name: "direct, bound",
  dir: TINY_DIRECT,
  seeded: false,
  open: (seed) => openDecoder(TINY_DIRECT, "bound", { seed }),
});

let decoder: Decoder;
let manifest: Manifest;
beforeAll(async () => {
  ({ decoder, manifest } = await openDecoder(TINY_DIRECT, "plain"));
});
afterAll(() => decoder.dispose());

const values = () => Float32Array.from({ length: manifest.bins.window * manifest.units.count }, (_, i) => Math.cos(i));

test("steering changes the picture and nothing that is said of the window", async () => {
  const still = manifest.latents.groups.map(() => 0);
  const plain = await decoder.decode({ values: values(), steps: 1, steering: still });
  for (const group of still.keys()) {
    const steering = still.map((_, i) => (i === group ? 2 : 0));
    const steered = await decoder.decode({ values: values(), steps: 1, steering });
    expect(steered.image).not.toEqual(plain.image);
    const { mu, logvar, expected, readouts } = steered;
    expect({ mu, logvar, expected, readouts }).toEqual({
      mu: plain.mu,
      logvar: plain.logvar,
      expected: plain.expected,
      readouts: plain.readouts,
    });
  }
});

test("a guidance weight is refused: there is nothing that it could weigh", async () => {
  await expect(openDecoder(TINY_DIRECT, "plain", { guidance: 2 })).rejects.toThrow(/PARAMETER_INVALID.*no guidance/);
});
