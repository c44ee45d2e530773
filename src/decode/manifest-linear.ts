import { z } from "zod";
import { type BundleFile, file, parts } from "./manifest-parts.ts";

/** A float32 array in the file `matrices`: rows one after the other, from `offset` bytes on. */
const tensor = z.strictObject({
  offset: z
    .int()
    .nonnegative()
    .refine((bytes) => bytes % 4 === 0, "a multiple of 4 bytes"),
  shape: z.array(z.int().positive()).min(1).max(2),
});

const affine = z.strictObject({ weights: tensor, bias: tensor });

/** Kind `linear`: matrices from the window to the latents, and from the latents to everything else. */
export const linearManifest = z.strictObject({
  ...parts,
  kind: z.literal("linear"),
  matrices: z.strictObject({
    encode: affine,
    logvar: tensor,
    picture: affine,
    expected: affine,
    readouts: z.record(z.string(), affine),
  }),
  files: z.strictObject({ matrices: file, golden: file, targets: file.optional() }),
});

export type LinearManifest = Readonly<z.infer<typeof linearManifest>>;
export type TensorPlace = z.infer<typeof tensor>;

/** Every file of a linear bundle with its name in the manifest. */
export function linearFiles({ files }: LinearManifest): [string, BundleFile][] {
  return Object.entries(files).filter((each): each is [string, BundleFile] => each[1] !== undefined);
}

/** Every array of a linear bundle: its name, its place, and the shape that the rest of the manifest asks of it. */
export function linearTensors(manifest: LinearManifest): [name: string, place: TensorPlace, wanted: number[]][] {
  const { units, bins, latents, image, readouts, matrices } = manifest;
  const D = latents.dimension;
  const pair = (name: string, { weights, bias }: z.infer<typeof affine>, out: number, inputs: number) =>
    [
      [`${name}.weights`, weights, [out, inputs]],
      [`${name}.bias`, bias, [out]],
    ] satisfies [string, TensorPlace, number[]][];
  const heads = readouts.flatMap(({ name, labels }) => {
    const head = Object.hasOwn(matrices.readouts, name) ? matrices.readouts[name] : undefined;
    return head === undefined ? [] : pair(`readouts.${name}`, head, labels.length, D);
  });
  return [
    ...pair("encode", matrices.encode, D, bins.window * units.count),
    ["logvar", matrices.logvar, [D]],
    ...pair("picture", matrices.picture, image.channels * image.height * image.width, D),
    ...pair("expected", matrices.expected, units.count, D),
    ...heads,
  ];
}

/** What a schema cannot say: shapes as the manifest's sizes ask, all arrays inside the file, one head for each readout. */
export function linearProblems(manifest: LinearManifest): string[] {
  const { readouts, matrices, files } = manifest;
  const show = (shape: readonly number[]) => `[${shape.join(", ")}]`;
  const problems = linearTensors(manifest).flatMap(([name, { offset, shape }, wanted]) => {
    if (show(shape) !== show(wanted)) return [`matrices.${name}: expected shape ${show(wanted)}, got ${show(shape)}`];
    const end = offset + 4 * shape.reduce((product, n) => product * n, 1);
    return end > files.matrices.bytes
      ? [`matrices.${name}: expected an end within ${files.matrices.bytes} bytes, got ${end}`]
      : [];
  });
  const names = new Set([...readouts.map(({ name }) => name), ...Object.keys(matrices.readouts)]);
  for (const name of names) {
    const given = Object.hasOwn(matrices.readouts, name);
    if (!given || !readouts.some((each) => each.name === name))
      problems.push(
        `matrices.readouts.${name}: expected one for each of readouts, got ${given ? "one too many" : "none"}`,
      );
  }
  return problems;
}
