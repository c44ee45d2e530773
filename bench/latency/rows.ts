import type { TraceBin } from "../../src/protocol/trace.ts";
import { STAGE_NAMES } from "./result.ts";
import { stagesOf } from "./summary.ts";

const BIN_COLUMNS = ["bin", "closed_ms", "outcome", "note", "seq", "state", "steps", "why", "estimate_ms", "left_ms"];
const HEAD = [...BIN_COLUMNS, ...Object.keys(STAGE_NAMES).map((stage) => `${stage}_ms`), "total_ms"].join("\t");

/** One line a bin, tab-separated: what became of it, and every stage of its frame in ms. To find out which bins were slow, and what they have in common. */
export function rowsOf(bins: readonly TraceBin[], receivedMs: (seq: number) => number): string {
  return [HEAD, ...bins.map((bin) => rowOf(bin, receivedMs)), ""].join("\n");
}

function rowOf({ index, closedMs, outcome, note, frame }: TraceBin, receivedMs: (seq: number) => number): string {
  const ended = [index, closedMs.toFixed(3), outcome ?? "", note ?? ""];
  if (frame === null) return ended.join("\t");
  const { seq, state, steps, decision, writtenMs } = frame;
  const stages = Object.values(stagesOf(frame, receivedMs(seq))).map(([fromMs, toMs]) => toMs - fromMs);
  const spans = [decision.estimateMs, decision.leftMs, ...stages, writtenMs - closedMs];
  return [...ended, seq, state, steps, decision.why, ...spans.map((ms) => ms?.toFixed(3) ?? "")].join("\t");
}
