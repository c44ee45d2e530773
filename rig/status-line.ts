import type { RigBlock } from "./source.ts";

/** What the rig says while it plays: one line that is written over, once a second. Nothing but the start when not a terminal. */
export interface StatusLine {
  start(line: string): void;
  block(block: RigBlock): void;
  end(): void;
}

const PERIOD_MS = 1_000;

export function createStatusLine(stream: NodeJS.WriteStream, now: () => number = () => performance.now()): StatusLine {
  let spikes = 0;
  let stimulus = "stimulus blank";
  let since = now();
  const show = (elapsedMs: number) => {
    const rate = Math.round((1_000 * spikes) / elapsedMs);
    stream.write(`\r\x1b[Krig: ${rate} spikes/s, ${stimulus}`);
    spikes = 0;
    since = now();
  };
  return {
    start: (line) => stream.write(`${line}\n`),
    block({ spikeSamples, events }) {
      spikes += spikeSamples.length;
      stimulus = events.at(-1)?.text ?? stimulus;
      const elapsedMs = now() - since;
      if (stream.isTTY && elapsedMs >= PERIOD_MS) show(elapsedMs);
    },
    end: () => stream.isTTY && stream.write("\n"),
  };
}
