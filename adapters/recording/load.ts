import { readFileSync } from "node:fs";
import { open, readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { failIn } from "./fail.ts";
import { readNwb } from "./nwb.ts";
import { openEphysBinary } from "./open-ephys-binary.ts";
import type { RecordingOptions } from "./options.ts";
import { parseNev } from "./parse-nev.ts";
import { type MessageRecording, parsePhosphene } from "./parse-phosphene.ts";
import type { SpikeRecording } from "./recording.ts";
import { xdfRecording } from "./xdf-recording.ts";

export type Recording = SpikeRecording | MessageRecording;

type Format = Exclude<RecordingOptions["format"], "auto">;
type LoadOptions = Pick<RecordingOptions, "path" | "format" | "source" | "xdf" | "openEphys" | "nwb">;

/** A file that is read as a whole. */
const MOST_FILE_BYTES = 2 ** 31 - 1;
const DEEPEST_RECORDING = 4;

const MAGIC: readonly (readonly [format: Format, bytes: string])[] = [
  ["nwb", "\x89HDF\r\n\x1a\n"],
  ["nev", "NEURALEV"],
  ["nev", "BREVENTS"],
  ["xdf", "XDF:"],
  ["phosphene", "\x89MCAP0\r\n"],
];

/** Reads a recording of any format that we know. Throws RECORDING_INVALID. */
export async function loadRecording(options: LoadOptions): Promise<Recording> {
  const { path } = options;
  const format = options.format === "auto" ? await detect(path) : options.format;
  return LOADERS[format](options);
}

const LOADERS: Readonly<Record<Format, (options: LoadOptions) => Promise<Recording>>> = {
  nwb: async ({ path, nwb }) => {
    await sizeOf(path);
    return readNwb(path, nwb);
  },
  nev: async ({ path }) => parseNev(await readWhole(path), path),
  xdf: async ({ path, xdf }) => xdfRecording(await readWhole(path), path, xdf),
  phosphene: async ({ path, source }) => parsePhosphene(await readWhole(path), path, source),
  "open-ephys-binary": async ({ path, openEphys }) => {
    const folder = await findOpenEphys(path, openEphys.recording);
    return openEphysBinary((below) => readBelow(join(folder, below)), folder, openEphys);
  },
};

async function detect(path: string): Promise<Format> {
  const fail = failIn(path);
  const info = await stat(path).catch(() => null);
  if (info === null) return fail("the path", "recording", "a file or folder that can be read", "none");
  if (info.isDirectory()) return "open-ephys-binary";
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    const head = buffer.toString("latin1", 0, bytesRead);
    const found = MAGIC.find(([, magic]) => head.startsWith(magic));
    return found?.[0] ?? fail(0, "format", "NWB, NEV, XDF or a recording of Phosphene", JSON.stringify(head));
  } finally {
    await handle.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  const info = await stat(path).catch(() => null);
  if (info === null || !info.isFile())
    return failIn(path)("the path", "recording", "a file that can be read", info === null ? "none" : "a folder");
  return info.size;
}

async function readWhole(path: string): Promise<Uint8Array> {
  const size = await sizeOf(path);
  if (size > MOST_FILE_BYTES) failIn(path)("its size", "recording", `at most ${MOST_FILE_BYTES} bytes`, size);
  return readFile(path);
}

/** Arrays of a folder are read one by one; waveforms never. */
function readBelow(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    return failIn(path)("the file", "array", "a file that can be read", String(cause));
  }
}

/** The folder with structure.oebin at or below `path`; the one that `wanted` names when there are several. */
async function findOpenEphys(path: string, wanted: string | undefined): Promise<string> {
  const found: string[] = [];
  const look = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (entries.some(({ name }) => name === "structure.oebin")) found.push(folder);
    else if (depth < DEEPEST_RECORDING)
      for (const entry of entries) if (entry.isDirectory()) await look(join(folder, entry.name), depth + 1);
  };
  await look(path, 0);
  const names = found.map((folder) => relative(path, folder)).sort();
  const chosen = wanted === undefined ? names : names.filter((name) => name === wanted || name.endsWith(`/${wanted}`));
  const expectation = wanted ?? "one folder with a structure.oebin, or openEphys.recording naming one";
  if (chosen.length !== 1) failIn(path)("its folders", "recording", expectation, names.join(", ") || "none");
  return join(path, chosen[0] ?? "");
}
