import { join } from "node:path";
import { LOG_FORMAT } from "../../adapters/recording/log-records.ts";
import type { Config } from "../../src/config.ts";
import { PhospheneError } from "../../src/errors.ts";
import type { Bundle } from "../bundle.ts";
import { type OpenSink, openFileSink } from "./file-sink.ts";
import { Recorder } from "./recorder.ts";

export interface OpenRecorderParts {
  readonly config: Config;
  readonly bundle: Bundle;
  readonly session: string;
  /** Daemon time, ms. */
  readonly now: () => number;
  readonly onStopped: (detail: string) => void;
  readonly openSink?: OpenSink;
}

/** Begins the recording that the configuration asks for; null when it asks for none. Throws RECORD_UNWRITABLE. */
export async function openRecorder(parts: OpenRecorderParts): Promise<Recorder | null> {
  const { config, bundle, session, now } = parts;
  const { dir, frames } = config.record;
  if (dir === null) return null;
  const started = new Date();
  const name = `phosphene-${started.toISOString().replace(/[:.]/g, "-")}-${session.slice(0, 8)}.mcap`;
  const path = join(dir, name);
  const sink = await (parts.openSink ?? openFileSink)(path).catch((cause: unknown) => {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new PhospheneError("RECORD_UNWRITABLE", `record.dir: expected a folder to write to, got ${got}`, { cause });
  });
  const originUnixMs = started.getTime() - now();
  const metadata = {
    format: LOG_FORMAT,
    session,
    started: started.toISOString(),
    originUnixMs: String(originUnixMs),
    bundle: bundle.manifest.name,
    digest: bundle.digest,
    unitLabels: JSON.stringify(bundle.manifest.units.labels),
    config: JSON.stringify(config),
  };
  return new Recorder({ sink, path, metadata, originUnixMs, frames, onStopped: parts.onStopped });
}
