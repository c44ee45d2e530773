import { expected, PhospheneError } from "../errors.ts";
import type { LinearManifest, TensorPlace } from "./manifest.ts";

/** y = weights x + bias; weights [out, in] row by row. */
export interface Affine {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** The matrices of a linear bundle: window [W * units] -> mu [D], and mu -> everything else. */
export interface LinearModel {
  readonly encode: Affine;
  readonly logvar: Float32Array;
  /** Planar picture [3 * H * W] in [-1, 1], before clipping. */
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

/**
 * out = weights x + bias. Every sum runs over its row in order, in double precision, and is rounded to float32 once: the
 * same numbers on every machine. Four rows at a time, so that four sums are in flight and x is read once for them.
 */
export function apply({ weights, bias }: Affine, x: Float64Array, out: Float32Array): void {
  const columns = x.length;
  const rows = out.length;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const first = row * columns;
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    let a = bias[row]!;
    let b = bias[row + 1]!;
    let c = bias[row + 2]!;
    let d = bias[row + 3]!;
    for (let i = 0; i < columns; i++) {
      const value = x[i]!;
      a += weights[first + i]! * value;
      b += weights[second + i]! * value;
      c += weights[third + i]! * value;
      d += weights[fourth + i]! * value;
    }
    out[row] = a;
    out[row + 1] = b;
    out[row + 2] = c;
    out[row + 3] = d;
  }
  for (; row < rows; row++) {
    let sum = bias[row]!;
    for (let i = 0; i < columns; i++) sum += weights[row * columns + i]! * x[i]!;
    out[row] = sum;
  }
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

/** What a linear bundle makes of one window; the arrays of `picture` are reused by the next call. */
export interface LinearAnswer {
  readonly mu: Float32Array;
  readonly logvar: Float32Array;
  readonly expected: Float32Array;
  readonly readouts: Record<string, Float32Array>;
}

/** Runs a linear bundle. Scratch is allocated once; what is answered is new for every window, but `picture`. */
export class LinearRunner {
  readonly #model: LinearModel;
  readonly #window: Float64Array;
  readonly #latents: Float64Array;
  readonly #picture: Float32Array;

  constructor(model: LinearModel) {
    this.#model = model;
    const dimension = model.logvar.length;
    this.#window = new Float64Array(model.encode.weights.length / dimension);
    this.#latents = new Float64Array(dimension);
    this.#picture = new Float32Array(model.picture.bias.length);
  }

  /** values [W * units], normalised, oldest bin first. */
  encode(values: Float32Array): LinearAnswer {
    const { encode, logvar, expected: explained, readouts } = this.#model;
    const mu = new Float32Array(logvar.length);
    this.#window.set(values);
    apply(encode, this.#window, mu);
    this.#latents.set(mu);
    const wanted = new Float32Array(explained.bias.length);
    apply(explained, this.#latents, wanted);
    const answers: Record<string, Float32Array> = {};
    for (const { name, softmax: isClass, head } of readouts) {
      const answer = new Float32Array(head.bias.length);
      apply(head, this.#latents, answer);
      if (isClass) softmax(answer);
      answers[name] = answer;
    }
    return { mu, logvar: logvar.slice(), expected: wanted, readouts: answers };
  }

  /** Planar picture [3, H, W] of latents [D], clipped to [-1, 1]; valid until the next call. */
  picture(latents: Float32Array): Float32Array {
    this.#latents.set(latents);
    apply(this.#model.picture, this.#latents, this.#picture);
    for (let i = 0; i < this.#picture.length; i++) this.#picture[i] = Math.min(1, Math.max(-1, this.#picture[i]!));
    return this.#picture;
  }
}
