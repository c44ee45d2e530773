import type { Affine } from "./affine.ts";

/** Latents [D] of a planar picture [pixels] in [-1, 1]. */
export type Project = (planes: Float32Array) => Float32Array;

/**
 * The latents that a picture most likely has where picture = P z + p with residues of variance `residue` in every pixel and z ~ N(0, 1):
 * (P' P + residue)^-1 P' (picture - p), in closed form, float64. The first call factors the matrix: D^2 pixels / 2 multiplications.
 */
export function projection({ weights, bias }: Affine, residue: number): Project {
  const D = weights.length / bias.length;
  let factor: Float64Array | null = null;
  return (planes) => {
    factor ??= cholesky(gram(weights, D, residue), D);
    const z = new Float64Array(D);
    for (let pixel = 0; pixel < bias.length; pixel++) {
      const rest = planes[pixel]! - bias[pixel]!;
      for (let d = 0; d < D; d++) z[d]! += weights[pixel * D + d]! * rest;
    }
    return Float32Array.from(substitute(factor, z));
  };
}

/** P' P + residue on the diagonal; [D, D], row by row. */
function gram(weights: Float32Array, D: number, residue: number): Float64Array {
  const out = new Float64Array(D * D);
  for (let start = 0; start < weights.length; start += D)
    for (let i = 0; i < D; i++)
      for (let k = 0; k <= i; k++) out[i * D + k]! += weights[start + i]! * weights[start + k]!;
  for (let i = 0; i < D; i++) out[i * D + i]! += residue;
  return out;
}

/** L of L L' = `matrix`, whose lower triangle is read and replaced. */
function cholesky(matrix: Float64Array, D: number): Float64Array {
  for (let i = 0; i < D; i++)
    for (let k = 0; k <= i; k++) {
      let sum = matrix[i * D + k]!;
      for (let j = 0; j < k; j++) sum -= matrix[i * D + j]! * matrix[k * D + j]!;
      matrix[i * D + k] = i === k ? Math.sqrt(sum) : sum / matrix[k * D + k]!;
    }
  return matrix;
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
