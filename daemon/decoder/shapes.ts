import { PhospheneError } from "../../src/errors.ts";

export type Shape = readonly number[];
/** Name of a tensor -> its shape. */
export type Shapes = Readonly<Record<string, Shape>>;
/** What a graph really has: strings are dimensions without a size, null is no tensor of float32. */
export type Found = ReadonlyMap<string, readonly (number | string)[] | null>;

/** Throws BUNDLE_GRAPH_MISMATCH that names the tensor and both shapes. */
export function checkShapes(path: string, side: "input" | "output", got: Found, wanted: Shapes): void {
  for (const name of new Set([...Object.keys(wanted), ...got.keys()])) {
    const [want, have] = [show(wanted[name]), show(got.get(name))];
    if (want !== have)
      throw new PhospheneError(
        "BUNDLE_GRAPH_MISMATCH",
        `${path}: ${side} ${name}: expected shape ${want}, got ${have}`,
      );
  }
}

function show(shape: readonly unknown[] | null | undefined): string {
  if (shape === undefined) return "none";
  return shape === null ? "no tensor of float32" : `[${shape.join(", ")}]`;
}

/** Number of values in a tensor of this shape. */
export function size(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}
