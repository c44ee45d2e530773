import { parseArgs } from "node:util";
import { PhospheneError } from "../src/errors.ts";
import { parseRigOptions, type RigOptions } from "./options.ts";
import { pace } from "./pace.ts";
import { openPublisher } from "./publisher.ts";
import { loadRecording } from "./recording.ts";
import { readSession } from "./session.ts";
import { playSimulated } from "./simulated.ts";
import { type RigSource, SAMPLES_PER_MS } from "./source.ts";
import { createStatusLine } from "./status-line.ts";

export type { RigOptions } from "./options.ts";

/**
 * Plays a session as the Open Ephys GUI would send it, until the signal aborts; then every socket is closed.
 * Errors: CONFIG_INVALID, SESSION_INVALID, RECORDING_INVALID, ADDRESS_IN_USE.
 */
export async function runRig(options: RigOptions, signal: AbortSignal): Promise<void> {
  const { port, seed, speed, blockMs, continuousChannels, session, recording } = parseRigOptions(options);
  const source = await openSource(session, recording, seed);
  if (signal.aborted) return;
  const publisher = await openPublisher({ port, units: source.units, continuousChannels, seed });
  const status = createStatusLine(process.stderr);
  status.start(`rig: publishing ${source.units.length} units of ${source.name} on ${publisher.endpoint}`);
  try {
    for await (const index of pace({ blockMs, speed }, signal)) {
      const block = source.next(blockMs);
      await publisher.publish(block, index * blockMs * SAMPLES_PER_MS, blockMs);
      status.block(block);
    }
  } finally {
    publisher.close();
    status.end();
  }
}

async function openSource(folder: string | undefined, recording: string | undefined, seed: number): Promise<RigSource> {
  const session = folder === undefined ? undefined : await readSession(folder);
  if (session?.kind === "simulated") {
    if (recording === undefined) return playSimulated(session, seed);
    throw new PhospheneError("CONFIG_INVALID", `${folder}: expected a session of kind recording, got simulated`);
  }
  if (recording !== undefined) return loadRecording(recording, seed, session);
  throw new PhospheneError("CONFIG_INVALID", `${folder} plays a recording: say where its files are with --recording`);
}

/** Command-line flags of the rig -> its options; numbers are checked by `runRig`. */
export function rigOptionsOf(args: string[]): RigOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ session: text, recording: text, port: text, seed: text, speed: text },
      ...{ "block-ms": text, "continuous-channels": text },
    },
  });
  const numbers = {
    port: values.port,
    seed: values.seed,
    speed: values.speed,
    blockMs: values["block-ms"],
    continuousChannels: values["continuous-channels"],
  };
  const given = Object.entries(numbers).flatMap(([key, value]) => (value === undefined ? [] : [[key, Number(value)]]));
  const { session, recording } = values;
  return { ...(session && { session }), ...(recording && { recording }), ...Object.fromEntries(given) };
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
