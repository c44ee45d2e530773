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
  const drivenHz = await readRates(folder, session.rates, session.stimuli.length * session.units.length);
  return { ...session, drivenHz };
}

async function readRates(folder: string, rates: { file: string; sha256: string }, count: number) {
  if (isAbsolute(rates.file) || rates.file.split(/[\\/]/).includes("..")) {
    throw invalid(folder, expected("rates.file", "a path inside the session folder", rates.file));
  }
  const file = join(folder, rates.file);
  const bytes = await read(file);
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== rates.sha256) throw invalid(file, expected("SHA-256", rates.sha256, digest));
  if (bytes.length !== 4 * count) throw invalid(file, expected("size", `${4 * count} bytes`, bytes.length));
  const drivenHz = Float32Array.from({ length: count }, (_, index) => bytes.readFloatLE(4 * index));
  if (!drivenHz.every(Number.isFinite)) throw invalid(file, "rates: expected finite numbers");
  return drivenHz;
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
