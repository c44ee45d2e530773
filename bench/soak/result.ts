import type { StatusBody } from "../../src/protocol/messages.ts";
import { type Origin, originText } from "../output.ts";
import { table } from "../table.ts";
import { slope } from "./slope.ts";

export interface MemorySample {
  readonly minute: number;
  readonly daemonMiB: number;
  readonly decoderMiB: number;
}

export interface SoakResult extends Origin {
  readonly bundle: string;
  readonly minutes: number;
  /** null: the session's own rig at real time. */
  readonly rateHz: number | null;
  readonly rigKilled: number;
  readonly samples: readonly MemorySample[];
  readonly source: StatusBody["source"]["counters"];
  readonly lateSpikes: number;
  readonly ledger: StatusBody["ledger"];
  readonly viewers: StatusBody["viewers"];
}

/** The result as docs/performance.md has it. */
export function soakText(result: SoakResult): string {
  const { samples, rateHz, rigKilled, source, lateSpikes, ledger } = result;
  const rig = rateHz === null ? "rig at real time" : `${rateHz} spikes/s, the rig killed ${rigKilled} times`;
  const head = ["RSS, MiB", "start", "1 min", "half", "end", "band of the second half", "its slope, MiB/h"];
  const rows = [
    row("daemon", samples, ({ daemonMiB }) => daemonMiB),
    row("decoder process", samples, ({ decoderMiB }) => decoderMiB),
  ];
  return [
    `${originText(result)} ${rig}, one viewer that reads everything and one that reads nothing.`,
    "",
    ...table(rows, head),
    "",
    `Source: ${JSON.stringify(source)}; spikes late for their bin: ${lateSpikes}. Ledger: ${JSON.stringify(ledger)}; it balanced at each of ${samples.length} polls.`,
  ].join("\n");
}

function row(name: string, samples: readonly MemorySample[], of: (sample: MemorySample) => number): string[] {
  const at = (minute: number) => {
    const nearest = samples.find((each) => each.minute >= minute);
    return nearest === undefined ? "-" : of(nearest).toFixed(0);
  };
  const half = samples.slice(Math.floor(samples.length / 2));
  const values = half.map(of);
  const band = `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
  const { perHour, error } = slope(half.map((each) => [each.minute / 60, of(each)] as const));
  const end = samples.at(-1)!.minute;
  return [name, ...[0, 1, end / 2, end].map(at), band, `${perHour.toFixed(1)} ± ${error.toFixed(1)}`];
}
