import { afterAll, beforeAll, expect, test } from "vitest";
import type { Decoder } from "../../src/decode/decoder.ts";
import type { Manifest } from "../../src/decode/manifest.ts";
import { TINY_LATENT_DIFFUSION } from "../integration/processes.ts";
import { decoderContract } from "./decoder-suite.ts";
import { openDecoder } from "./open-decoder.ts";

decoderContract({ name: "latent-diffusion", dir: TINY_LATENT_DIFFUSION, seeded: true });
decoderContract({
  name: "latent-diffusion, bound",
  dir: TINY_LATENT_DIFFUSION,
  seeded: true,
  open: (seed) => openDecoder(TINY_LATENT_DIFFUSION, "bound", { seed }),
});

let decoder: Decoder;
let manifest: Manifest;
beforeAll(async () => {
  ({ decoder, manifest } = await openDecoder(TINY_LATENT_DIFFUSION, "plain"));
});
afterAll(() => decoder.dispose());

const [window, count] = [8, 8];
const still = () => manifest.latents.groups.map(() => 0);
/** Every volume of voxel u is u's pattern plus `drift(volume)`. */
const values = (drift: (volume: number) => number) =>
  Float32Array.from({ length: window * count }, (_, i) => Math.sin(i * i) + drift(Math.floor(i / count)));
const decode = (over: Partial<Parameters<Decoder["decode"]>[0]> = {}) =>
  decoder.decode({ values: values(() => 0), steps: 4, steering: still(), ...over });

test("a baseline that has drifted since training changes neither latents nor picture beyond rounding", async () => {
  const reference = await decode();
  const drifted = await decode({ values: values(() => 0.7) });
  for (const [i, value] of drifted.mu.entries()) expect(value).toBeCloseTo(reference.mu[i]!, 4);
  const apart = drifted.image.map((value, i) => Math.abs(value - reference.image[i]!));
  expect(Math.max(...apart)).toBeLessThanOrEqual(1);
  const other = await decode({ values: values((volume) => 0.7 * volume) });
  expect(other.mu).not.toEqual(reference.mu);
});

test("steering and guidance change the picture, and nothing that is said of the window", async () => {
  const { image, mu, expected, readouts } = await decode();
  const steered = await decode({ steering: [2, 0] });
  const guided = await decode({ guidance: 3 });
  for (const other of [steered, guided]) {
    expect(other.image).not.toEqual(image);
    expect({ mu: other.mu, expected: other.expected, readouts: other.readouts }).toEqual({ mu, expected, readouts });
  }
});

test("a picture has no posterior, and its bundle says why", async () => {
  expect((await decode()).logvar).toHaveLength(0);
  expect(manifest.evidence.missing?.bits).toMatch(/posterior/);
});
