import { affineCode, ROWS } from "./affine-code.ts";

/** y = weights x + bias; weights [out, in] row by row. */
export interface Affine {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Applies one map: x [in] -> y [out], which is valid until the next call. */
export type ApplyAffine = (x: Float32Array) => Float32Array;

const PAGE_BYTES = 65_536;
const ALIGN = 64;

/**
 * Makes maps ready to be applied: copies their numbers into WebAssembly memory, in the order in which they will be read. Every element of y is
 * summed over x in order, in float32, so that the same numbers come out on every machine. Nothing is allocated after this.
 */
export function compileAffine(maps: readonly Affine[]): ApplyAffine[] {
  let end = 0;
  const reserve = (floats: number) => {
    const at = end;
    end += Math.ceil((4 * floats) / ALIGN) * ALIGN;
    return at;
  };
  const places = maps.map(({ weights, bias }) => {
    const padded = Math.ceil(bias.length / ROWS) * ROWS;
    const columns = weights.length / bias.length;
    return {
      columns,
      padded,
      weights: reserve(padded * columns),
      bias: reserve(padded),
      x: reserve(columns),
      out: reserve(padded),
    };
  });
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE_BYTES) });
  const apply = instantiate(memory);
  return maps.map((map, i) => {
    const { columns, padded, weights, bias, x, out } = places[i]!;
    new Float32Array(memory.buffer, weights, padded * columns).set(inBlocks(map));
    new Float32Array(memory.buffer, bias, map.bias.length).set(map.bias);
    const input = new Float32Array(memory.buffer, x, columns);
    const output = new Float32Array(memory.buffer, out, map.bias.length);
    return (values) => {
      input.set(values);
      apply(weights, bias, x, out, out + 4 * padded, x + 4 * columns);
      return output;
    };
  });
}

/** Weights in blocks of ROWS rows, column by column; rows that are missing from the last block are 0. */
function inBlocks({ weights, bias }: Affine): Float32Array {
  const rows = bias.length;
  const columns = weights.length / rows;
  const packed = new Float32Array(Math.ceil(rows / ROWS) * ROWS * columns);
  for (let row = 0; row < rows; row++) {
    const block = row - (row % ROWS);
    for (let column = 0; column < columns; column++)
      packed[block * columns + column * ROWS + (row % ROWS)] = weights[row * columns + column]!;
  }
  return packed;
}

type Apply = (weights: number, bias: number, x: number, out: number, outEnd: number, xEnd: number) => void;

function instantiate(memory: WebAssembly.Memory): Apply {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(affineCode()), { env: { memory } });
  return exports.apply as Apply; // our own function, of the signature that affine-code.ts writes
}
