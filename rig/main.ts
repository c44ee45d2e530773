import { parseArgs } from "node:util";
import { expected, PhospheneError } from "../src/errors.ts";
import { playInteractive } from "./interactive.ts";
import { type ParsedRigOptions, parseRigOptions, type RigOptions } from "./options.ts";
import { pace } from "./pace.ts";
import { openPublisher } from "./publisher.ts";
import { loadRecording } from "./recording.ts";
import { readSession } from "./session.ts";
import type { BoldSession, RecordingSession, SimulatedSession } from "./session-schema.ts";
import { playSimulated } from "./simulated.ts";
import { type RigSource, SAMPLES_PER_MS } from "./source.ts";
import { createStatusLine } from "./status-line.ts";

export type { RigOptions } from "./options.ts";

/**
 * Plays a session as the Open Ephys GUI would send it, until the signal aborts; then every socket is closed.
 * Errors: CONFIG_INVALID, SESSION_INVALID, RECORDING_INVALID, ADDRESS_IN_USE.
 */
export async function runRig(options: RigOptions, signal: AbortSignal): Promise<void> {
  const parsed = parseRigOptions(options);
  const session = parsed.session === undefined ? undefined : await readSession(parsed.session);
  if (session?.kind === "bold") return playScanner(session, parsed, signal);
  const { port, seed, speed, blockMs, continuousChannels, interactive, presentPort } = parsed;
  const { source, listen } = interactive ? await openInteractive(parsed, session) : await openPlayed(parsed, session);
  if (signal.aborted) return;
  const publisher = await openPublisher({ port, units: source.units, continuousChannels, seed });
  let stopListening = () => {};
  const status = createStatusLine(process.stderr);
  try {
    stopListening = await listen();
    const takes = interactive ? `, pictures are taken on tcp://127.0.0.1:${presentPort}` : "";
    status.start(`rig: publishing ${source.units.length} units of ${source.name} on ${publisher.endpoint}${takes}`);
    for await (const index of pace({ blockMs, speed }, signal)) {
      const block = source.next(blockMs);
      await publisher.publish(block, index * blockMs * SAMPLES_PER_MS, blockMs);
      status.block(block);
    }
  } finally {
    stopListening();
    publisher.close();
    status.end();
  }
}

/** A session of BOLD time courses goes over LSL, not as Open Ephys would send it; imported late: nothing else here needs LSL. */
async function playScanner(session: BoldSession, options: ParsedRigOptions, signal: AbortSignal): Promise<void> {
  const { recording, interactive } = options;
  const other = interactive ? "--interactive" : recording === undefined ? null : "--recording";
  if (other !== null)
    throw new PhospheneError(
      "CONFIG_INVALID",
      expected(`${options.session} with ${other}`, "another kind of session", "bold"),
    );
  const { runScanner } = await import("./scanner.ts");
  await runScanner(session, options, signal);
}

/** What is played, and how it begins to take pictures. */
interface Opened {
  readonly source: RigSource;
  /** Resolves with what stops it. */
  readonly listen: () => Promise<() => void>;
}

/** A session of spikes, if there is one. */
type SpikeSession = SimulatedSession | RecordingSession | undefined;

async function openPlayed(options: ParsedRigOptions, session: SpikeSession): Promise<Opened> {
  const { session: folder, recording, seed } = options;
  const listen = async () => () => {};
  if (session?.kind === "simulated") {
    if (recording === undefined) return { source: playSimulated(session, seed), listen };
    throw new PhospheneError("CONFIG_INVALID", `${folder}: expected a session of kind recording, got simulated`);
  }
  if (recording !== undefined) return { source: await loadRecording(recording, seed, session), listen };
  throw new PhospheneError("CONFIG_INVALID", `${folder} plays a recording: say where its files are with --recording`);
}

/** Imported late: a rig that takes no pictures loads no ONNX Runtime. */
async function openInteractive(options: ParsedRigOptions, session: SpikeSession): Promise<Opened> {
  const { session: folder, recording, seed, ...rest } = options;
  if (folder === undefined || recording !== undefined || session?.kind !== "simulated")
    throw new PhospheneError("CONFIG_INVALID", "--interactive: expected a simulated session, got a recording");
  const { loadEncoder } = await import("./encoder.ts");
  const { openPresentPort } = await import("./present-port.ts");
  const encode = await loadEncoder(folder, session);
  const source = playInteractive(session, seed, rest.holdMs);
  return { source, listen: () => openPresentPort(rest.presentPort, encode, source) };
}

/** Command-line flags of the rig -> its options; numbers are checked by `runRig`. */
export function rigOptionsOf(args: string[]): RigOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ name: text, events: text },
      ...{ session: text, recording: text, port: text, seed: text, speed: text },
      ...{ "block-ms": text, "continuous-channels": text, "present-port": text, "hold-ms": text },
      interactive: { type: "boolean" },
    },
  });
  const numbers = {
    port: values.port,
    seed: values.seed,
    speed: values.speed,
    blockMs: values["block-ms"],
    continuousChannels: values["continuous-channels"],
    presentPort: values["present-port"],
    holdMs: values["hold-ms"],
  };
  const given = Object.entries(numbers).flatMap(([key, value]) => (value === undefined ? [] : [[key, Number(value)]]));
  const { session, recording, interactive, name, events } = values;
  return {
    ...(name && { name }),
    ...(events && { events }),
    ...(interactive && { interactive }),
    ...(session && { session }),
    ...(recording && { recording }),
    ...Object.fromEntries(given),
  };
}

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  try {
    await runRig(rigOptionsOf(process.argv.slice(2)), stop.signal);
  } catch (error) {
    const known = error instanceof PhospheneError || (error instanceof Error && "code" in error);
    console.error(known ? error.message : error);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
