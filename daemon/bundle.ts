import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { bundleFiles, type Kind, type Manifest, ofKind, parseManifest } from "../src/decode/manifest.ts";
import { PhospheneError } from "../src/errors.ts";

export interface Bundle<M extends Manifest = Manifest> {
  readonly dir: string;
  readonly manifest: M;
  /** SHA-256 of manifest.json, which itself holds the digests of all other files. */
  readonly digest: string;
}

/** Reads and checks a bundle folder: the manifest, then size and digest of every file. Throws a BUNDLE_* error that names what differs. */
export async function readBundle(dir: string): Promise<Bundle> {
  const path = join(dir, "manifest.json");
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new PhospheneError("BUNDLE_MISSING", `${path}: expected a bundle folder with a manifest.json, got none`, {
      cause,
    });
  });
  const manifest = parseManifest(parseJson(bytes, path), path);
  for (const [name, file] of bundleFiles(manifest)) await checkFile(dir, name, file);
  return { dir, manifest, digest: createHash("sha256").update(bytes).digest("hex") };
}

/** The same of one kind; a bundle of another is refused with BUNDLE_MANIFEST_INVALID. */
export async function readBundleOf<K extends Kind>(
  dir: string,
  kind: K,
): Promise<Bundle<Extract<Manifest, { kind: K }>>> {
  const bundle = await readBundle(dir);
  return { ...bundle, manifest: ofKind(bundle.manifest, kind) };
}

function parseJson(bytes: Buffer, path: string): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new PhospheneError("BUNDLE_MANIFEST_INVALID", `${path}: expected JSON, got ${String(cause)}`, { cause });
  }
}

async function checkFile(
  dir: string,
  name: string,
  file: { path: string; sha256: string; bytes: number },
): Promise<void> {
  const path = join(dir, file.path);
  const size = await stat(path).then(
    (info) => info.size,
    (cause: unknown) => {
      throw new PhospheneError("BUNDLE_MISSING", `${path}: files.${name} of the manifest is not there`, { cause });
    },
  );
  if (size !== file.bytes)
    throw new PhospheneError("BUNDLE_DIGEST_MISMATCH", `${path}: expected ${file.bytes} bytes, got ${size}`);
  const got = await sha256(path);
  if (got !== file.sha256)
    throw new PhospheneError("BUNDLE_DIGEST_MISMATCH", `${path}: expected sha256 ${file.sha256}, got ${got}`);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
