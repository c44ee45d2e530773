import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBundle } from "../../daemon/bundle.ts";
import { type BundleFile, bundleFiles } from "../../src/decode/manifest.ts";

/** Fields of ONNX's protobuf messages on the way to the numbers of a constant (onnx.proto3). */
const GRAPH = 7;
const INITIALIZER = 5;
const RAW_DATA = 9;

/** Lets `use` have a copy of a bundle in which the largest array of weights is all zeros; with `honest` the digest in its manifest is that of the file as it is now. */
export async function withChangedWeights(
  dir: string,
  honest: boolean,
  use: (dir: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-weights-"));
  try {
    const copy = join(folder, "bundle");
    cpSync(dir, copy, { recursive: true });
    const path = await zeroWeights(copy);
    if (honest) renewDigest(copy, path);
    await use(copy);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function zeroWeights(dir: string): Promise<string> {
  const { manifest } = await readBundle(dir);
  const files = bundleFiles(manifest).filter(([name]) => !name.startsWith("golden") && !name.startsWith("half"));
  const places = files.flatMap(([, { path }]) => weightsOf(path, readFileSync(join(dir, path))));
  const largest = places.reduce((a, b) => (b.end - b.start > a.end - a.start ? b : a));
  const bytes = readFileSync(join(dir, largest.path));
  bytes.fill(0, largest.start, largest.end);
  writeFileSync(join(dir, largest.path), bytes);
  return largest.path;
}

interface Place {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** Where numbers lie: the constants of an ONNX graph, all of any other file. */
function weightsOf(path: string, bytes: Buffer): Place[] {
  if (!path.endsWith(".onnx")) return [{ path, start: 0, end: bytes.length }];
  return inside(bytes, { start: 0, end: bytes.length }, GRAPH)
    .flatMap((graph) => inside(bytes, graph, INITIALIZER))
    .flatMap((tensor) => inside(bytes, tensor, RAW_DATA))
    .map((place) => ({ path, ...place }));
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Fields of one number in a message, which are themselves messages or bytes. */
function inside(bytes: Buffer, { start, end }: Span, wanted: number): Span[] {
  const found: Span[] = [];
  let at = start;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < end) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else {
      const length = varint();
      if (tag >> 3 === wanted) found.push({ start: at, end: at + length });
      at += length;
    }
  }
  return found;
}

function renewDigest(dir: string, path: string): void {
  const manifestPath = join(dir, "manifest.json");
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));
  const sha256 = createHash("sha256")
    .update(readFileSync(join(dir, path)))
    .digest("hex");
  const walk = (value: Record<string, unknown>): void => {
    if (value.path === path) Object.assign(value, { sha256 } satisfies Partial<BundleFile>);
    for (const each of Object.values(value))
      if (typeof each === "object" && each !== null) walk(each as Record<string, unknown>);
  };
  walk(manifest.files);
  writeFileSync(manifestPath, JSON.stringify(manifest));
}
