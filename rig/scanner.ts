import { playBold } from "./bold.ts";
import { openBoldOutlets } from "./bold-outlet.ts";
import { pace } from "./pace.ts";
import type { BoldSession } from "./session-schema.ts";

/** Plays BOLD time courses over LSL, a volume every TR, until the signal aborts. Stamps are a grid from the start: no jitter adds up. */
export async function runScanner(
  session: BoldSession,
  { seed, speed, name }: { readonly seed: number; readonly speed: number; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  const source = playBold(session, seed);
  const outlets = await openBoldOutlets(source, name, speed);
  const trS = source.trMs / 1000 / speed;
  process.stderr.write(
    `rig: publishing volumes of ${source.labels.length} voxels of ${session.name} over LSL as ${name}-volumes, every ${trS * 1000} ms\n`,
  );
  const startS = outlets.now();
  try {
    for await (const volume of pace({ blockMs: source.trMs, speed }, signal))
      outlets.publish(source.next(), startS + (volume + 1) * trS);
  } finally {
    await outlets.close();
  }
}
