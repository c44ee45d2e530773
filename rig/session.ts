import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { expected, PhospheneError } from "../src/errors.ts";
import { type Session, sessionSchema } from "./session-schema.ts";

/** Reads a session folder (docs/bundle.md, session/). Errors: SESSION_INVALID, with everything that is wrong. */
export async function readSession(folder: string): Promise<Session> {
  const file = join(folder, "session.json");
  const parsed = sessionSchema.safeParse(parseJson(file, (await read(file)).toString("utf8")));
  if (!parsed.success) throw invalid(file, z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, " "));
  const session = parsed.data;
  if (session.kind === "recording") return session;
  const { units, stimuli } = session;
  if (session.kind === "bold") {
    const { components, periods, loadings } = session.noise;
    const response = await readFloats(folder, session.responses, "responses", stimuli.length * units.length);
    const count = (components + periods.length) * units.length;
    return { ...session, response, loading: await readFloats(folder, loadings, "noise.loadings", count) };
  }
  const drivenHz = await readFloats(folder, session.rates, "rates", stimuli.length * units.length);
  return { ...session, drivenHz };
}

interface Digested {
  readonly file: string;
  readonly sha256: string;
}

/** Reads a file of a session that is as session.json says; `key` names it there. Errors: SESSION_INVALID. */
export async function readDigested(folder: string, { file, sha256 }: Digested, key: string): Promise<Buffer> {
  if (isAbsolute(file) || file.split(/[\\/]/).includes("..")) {
    throw invalid(folder, expected(`${key}.file`, "a path inside the session folder", file));
  }
  const path = join(folder, file);
  const bytes = await read(path);
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== sha256) throw invalid(path, expected("SHA-256", sha256, digest));
  return bytes;
}

async function readFloats(folder: string, place: Digested, key: string, count: number) {
  const bytes = await readDigested(folder, place, key);
  const file = join(folder, place.file);
  if (bytes.length !== 4 * count) throw invalid(file, expected("size", `${4 * count} bytes`, bytes.length));
  const values = Float32Array.from({ length: count }, (_, index) => bytes.readFloatLE(4 * index));
  if (!values.every(Number.isFinite)) throw invalid(file, `${key}: expected finite numbers`);
  return values;
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new PhospheneError("SESSION_INVALID", `${file}: expected a file that can be read`, { cause });
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PhospheneError("SESSION_INVALID", `${file}: expected JSON: ${String(cause)}`, { cause });
  }
}

function invalid(file: string, problem: string): PhospheneError {
  return new PhospheneError("SESSION_INVALID", `${file}: ${problem}`);
}
