import { z } from "zod";
import type { Distribution } from "../distribution.ts";
import type { Plan } from "../latency/plan.ts";
import { type Origin, originSchema, originText } from "../output.ts";
import { phaseSchema, summarisePhase } from "../phase.ts";
import { distributionRow, table } from "../table.ts";
import { type FanoutWanted, PHASES, type Phase, type Played } from "./play.ts";

export const fanoutSchema = originSchema.extend({
  harness: z.literal("fanout"),
  ...{ bundle: z.string(), wantedHz: z.number(), viewers: z.int(), rounds: z.int(), nice: z.int() },
  phases: z.object({ alone: phaseSchema, crowd: phaseSchema, stopped: phaseSchema }),
  delivered: z.array(
    z.object({
      phase: z.enum(PHASES),
      ...{ offered: z.int(), sent: z.int(), dropped: z.int(), exact: z.boolean() },
    }),
  ),
  lostByStopped: z.int(),
  polls: z.int(),
});
export type FanoutResult = z.infer<typeof fanoutSchema>;

export function summariseFanout(origin: Origin, plan: Plan, wanted: FanoutWanted, played: Played): FanoutResult {
  const of = (phase: Phase) => summarisePhase(phase, plan.everyBins, played);
  return {
    ...{ ...origin, harness: "fanout", bundle: plan.name, wantedHz: 1000 / plan.widthMs / plan.everyBins },
    ...{ viewers: wanted.viewers, rounds: wanted.rounds, nice: wanted.nice },
    phases: { alone: of("alone"), crowd: of("crowd"), stopped: of("stopped") },
    ...{ delivered: [...played.delivered], lostByStopped: played.lostByStopped, polls: played.polls },
  };
}

const NAMES: Record<Phase, string> = {
  alone: "one viewer",
  crowd: "and the crowd",
  stopped: "and a stopped viewer",
};

/** The result as docs/performance.md has it. */
export function fanoutText(result: FanoutResult): string {
  const { bundle, wantedHz, viewers, rounds, nice, phases, delivered, lostByStopped, polls } = result;
  const rows = (key: "total" | "overhead", name: string) =>
    PHASES.map((phase) => distributionRow(`${name}: ${NAMES[phase]}`, phases[phase][key]));
  const change = (after: Distribution, before: Distribution) => `${((after.p99 / before.p99 - 1) * 100).toFixed(0)} %`;
  const sum = (key: "offered" | "sent" | "dropped") => delivered.reduce((total, each) => total + each[key], 0);
  const exact = delivered.every((each) => each.exact);
  return [
    originText(result),
    `Bundle \`${bundle}\`, ${wantedHz.toFixed(0)} frames/s, open loop; ${viewers} viewers in one process at nice ${nice}, all frames to each; ${rounds} rounds in which the phases took turns. The reference viewer was the first to connect.`,
    "",
    ...table([...rows("total", "bin close to its socket write"), ...rows("overhead", "without the model run")]),
    "",
    `Change of p99 by the crowd: ${change(phases.crowd.total, phases.alone.total)} (without the model run ${change(phases.crowd.overhead, phases.alone.overhead)}); by the crowd and a viewer that stopped dead: ${change(phases.stopped.total, phases.alone.total)}. Bins that gave no frame: ${PHASES.map((phase) => `${NAMES[phase]} ${phases[phase].missing}`).join(", ")}.`,
    `The crowd was offered ${sum("offered")} messages, ${sum("sent")} were sent, ${sum("dropped")} dropped; each viewer had received as many as were sent to it: ${exact ? "yes, exactly" : "not shown: something was always on its way"}. The stopped viewers lost ${lostByStopped}, alone. The books balanced at each of ${polls} polls.`,
  ].join("\n");
}
