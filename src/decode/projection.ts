import type { Affine } from "./affine.ts";

/** Pixels that are gone through before the work is handed back: about a millisecond. */
const SLICE = 256;

/**
 * The latents that a picture most likely has where picture = P z + p with residues of variance `residue` in every pixel and z ~ N(0, 1):
 * (P' P + residue)^-1 P' (picture - p), in closed form, float64. Its matrix is made by `prepare`: D^2 pixels / 2 multiplications, in slices.
 */
export class Projection {
  readonly #basis: Affine;
  readonly #size: number;
  readonly #matrix: Float64Array;
  #preparing: Generator<void, void, void> | null;

  constructor(basis: Affine, residue: number) {
    this.#basis = basis;
    this.#size = basis.weights.length / basis.bias.length;
    this.#matrix = new Float64Array(this.#size ** 2);
    this.#preparing = this.#prepare(residue);
  }

  /** A slice of what is to be done before the first picture, which otherwise does it; false when there is none left. */
  prepare(): boolean {
    if (this.#preparing?.next().done === true) this.#preparing = null;
    return this.#preparing !== null;
  }

  /** Latents [D] of a planar picture [pixels] in [-1, 1]. */
  of(planes: Float32Array): Float32Array {
    while (this.prepare());
    const { weights, bias } = this.#basis;
    const D = this.#size;
    const z = new Float64Array(D);
    for (let pixel = 0; pixel < bias.length; pixel++) {
      const rest = planes[pixel]! - bias[pixel]!;
      for (let d = 0; d < D; d++) z[d]! += weights[pixel * D + d]! * rest;
    }
    return Float32Array.from(substitute(this.#matrix, z));
  }

  /** P' P + residue on the diagonal, lower triangle; then its factor in its place. */
  *#prepare(residue: number): Generator<void, void, void> {
    const pixels = this.#basis.bias.length;
    for (let from = 0; from < pixels; from += SLICE) {
      this.#add(from, Math.min(pixels, from + SLICE));
      yield;
    }
    for (let i = 0; i < this.#size; i++) this.#matrix[i * this.#size + i]! += residue;
    cholesky(this.#matrix, this.#size);
  }

  #add(from: number, to: number): void {
    const [matrix, D, { weights }] = [this.#matrix, this.#size, this.#basis];
    for (let start = from * D; start < to * D; start += D)
      for (let i = 0; i < D; i++) {
        const weight = weights[start + i]!;
        for (let k = 0; k <= i; k++) matrix[i * D + k]! += weight * weights[start + k]!;
      }
  }
}

/** L of L L' = `matrix`, whose lower triangle is read and replaced. */
function cholesky(matrix: Float64Array, D: number): void {
  for (let i = 0; i < D; i++)
    for (let k = 0; k <= i; k++) {
      let sum = matrix[i * D + k]!;
      for (let j = 0; j < k; j++) sum -= matrix[i * D + j]! * matrix[k * D + j]!;
      matrix[i * D + k] = i === k ? Math.sqrt(sum) : sum / matrix[k * D + k]!;
    }
}

/** Solves L L' x = b in place of b. */
function substitute(L: Float64Array, b: Float64Array): Float64Array {
  const D = b.length;
  for (let i = 0; i < D; i++) {
    for (let k = 0; k < i; k++) b[i]! -= L[i * D + k]! * b[k]!;
    b[i]! /= L[i * D + i]!;
  }
  for (let i = D - 1; i >= 0; i--) {
    for (let k = i + 1; k < D; k++) b[i]! -= L[k * D + i]! * b[k]!;
    b[i]! /= L[i * D + i]!;
  }
  return b;
}
