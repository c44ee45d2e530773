import { expected, PhospheneError } from "../errors.ts";
import { type Affine, type ApplyAffine, compileAffine } from "./affine.ts";
import type { LinearManifest, TensorPlace } from "./manifest.ts";

/** The matrices of a linear bundle: window [W * units] -> mu [D], and mu -> everything else. */
export interface LinearModel {
  readonly encode: Affine;
  readonly logvar: Float32Array;
  /** Planar picture [3 * H * W], before it is clipped to [-1, 1]. */
  readonly picture: Affine;
  readonly expected: Affine;
  readonly readouts: readonly { readonly name: string; readonly softmax: boolean; readonly head: Affine }[];
}

/** Takes the matrices out of the bytes of the bundle's file `matrices` (little-endian float32). Throws BUNDLE_MANIFEST_INVALID on numbers that are none. */
export function linearModel(manifest: LinearManifest, bytes: Uint8Array): LinearModel {
  const { encode, logvar, picture, expected: explained, readouts } = manifest.matrices;
  const affine = (name: string, { weights, bias }: { weights: TensorPlace; bias: TensorPlace }): Affine => ({
    weights: readTensor(`${name}.weights`, weights, bytes),
    bias: readTensor(`${name}.bias`, bias, bytes),
  });
  return {
    encode: affine("encode", encode),
    logvar: readTensor("logvar", logvar, bytes),
    picture: affine("picture", picture),
    expected: affine("expected", explained),
    readouts: manifest.readouts.map(({ name, kind }) => ({
      name,
      softmax: kind === "class",
      head: affine(`readouts.${name}`, readouts[name]!),
    })),
  };
}

function readTensor(name: string, { offset, shape }: TensorPlace, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(offset + 4 * i, true);
  if (!values.every(Number.isFinite))
    throw new PhospheneError("BUNDLE_MANIFEST_INVALID", expected(`matrices.${name}`, "finite numbers", "others"));
  return values;
}

/** Logits -> probabilities, in place. */
export function softmax(logits: Float32Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    logits[i] = Math.exp(logits[i]! - largest);
    sum += logits[i]!;
  }
  for (let i = 0; i < logits.length; i++) logits[i]! /= sum;
}

/** Changes of what a bundle answers, in place. */
export interface Correction {
  /** Latents [D], given the window that they were read from; [W * units], normalised. */
  readonly latents: (mu: Float32Array, values: Float32Array) => void;
  /** Expected mean counts [units], given the latents as they are after that. */
  readonly expected: (expected: Float32Array, mu: Float32Array) => void;
}

/** What a linear bundle makes of one window, all but the picture. */
export interface LinearAnswer {
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
  readonly expected: Float32Array;
  readonly readouts: Record<string, Float32Array>;
}

/** Runs a linear bundle. What it answers is new for every window, but the picture. */
export class LinearRunner {
  readonly #logvar: Float32Array;
  readonly #encode: ApplyAffine;
  readonly #picture: ApplyAffine;
  readonly #expected: ApplyAffine;
  readonly #readouts: readonly { readonly name: string; readonly softmax: boolean; readonly apply: ApplyAffine }[];

  constructor({ encode, logvar, picture, expected: explained, readouts }: LinearModel) {
    const [first, second, third, ...heads] = compileAffine([
      encode,
      picture,
      explained,
      ...readouts.map((r) => r.head),
    ]);
    this.#logvar = logvar;
    this.#encode = first!;
    this.#picture = second!;
    this.#expected = third!;
    this.#readouts = readouts.map(({ name, softmax: isClass }, i) => ({ name, softmax: isClass, apply: heads[i]! }));
  }

  /** Latents [D] of values [W * units], normalised, oldest bin first, as the bundle has them. */
  latents(values: Float32Array): Float32Array {
    return this.#encode(values).slice();
  }

  /** Everything but the picture, with `correction`. */
  encode(values: Float32Array, correction: Correction | null = null): LinearAnswer {
    const mu = this.latents(values);
    correction?.latents(mu, values);
    const readouts: Record<string, Float32Array> = {};
    for (const { name, softmax: isClass, apply } of this.#readouts) {
      const answer = apply(mu).slice();
      if (isClass) softmax(answer);
      readouts[name] = answer;
    }
    const expected = this.expected(mu);
    correction?.expected(expected, mu);
    return { mu, logvar: this.#logvar.slice(), expected, readouts };
  }

  /** Mean normalised counts [units] that latents [D] explain, as the bundle has them. */
  expected(mu: Float32Array): Float32Array {
    return this.#expected(mu).slice();
  }

  /** Planar picture [3, H, W] of latents [D] before it is clipped to [-1, 1]; valid until the next call. */
  picture(latents: Float32Array): Float32Array {
    return this.#picture(latents);
  }
}
