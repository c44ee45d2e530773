import { playBold } from "./bold.ts";
import { openBoldOutlets } from "./bold-outlet.ts";
import { openEventClient } from "./event-client.ts";
import { pace } from "./pace.ts";
import type { BoldSession } from "./session-schema.ts";

export interface ScannerOptions {
  readonly seed: number;
  readonly speed: number;
  /** Before `-volumes` and `-markers`, the names of the streams. */
  readonly name: string;
  /** Address of a daemon that is told what is shown. */
  readonly events?: string | undefined;
}

/**
 * Plays BOLD time courses over LSL, a volume every TR, until the signal aborts. Stamps are a grid from the start: no jitter adds up. What
 * is shown is said when it comes on, at the beginning of its volume.
 */
export async function runScanner(
  session: BoldSession,
  { seed, speed, name, events }: ScannerOptions,
  signal: AbortSignal,
): Promise<void> {
  const source = playBold(session, seed);
  const outlets = await openBoldOutlets(source, name, speed);
  const teller = events === undefined ? undefined : openEventClient(events);
  const trS = source.trMs / 1000 / speed;
  const what = `volumes of ${source.labels.length} voxels of ${session.name} over LSL as ${name}-volumes`;
  process.stderr.write(`rig: publishing ${what}, every ${trS * 1000} ms\n`);
  const startS = outlets.now();
  const begin = (beginsS: number) => {
    const volume = source.next();
    if (volume.event !== undefined) {
      outlets.mark(volume.event, beginsS);
      teller?.say(volume.event);
    }
    return volume;
  };
  try {
    let scanned = begin(startS);
    for await (const index of pace({ blockMs: source.trMs, speed }, signal)) {
      const endS = startS + (index + 1) * trS;
      outlets.publish(scanned, endS);
      scanned = begin(endS);
    }
  } finally {
    teller?.close();
    await outlets.close();
  }
}
