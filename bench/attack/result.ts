import { z } from "zod";
import type { Distribution } from "../distribution.ts";
import type { Plan } from "../latency/plan.ts";
import { type Origin, originSchema, originText } from "../output.ts";
import { phaseSchema, summarisePhase } from "../phase.ts";
import { distributionRow, table } from "../table.ts";
import { type AttackWanted, PHASES, type Phase, type Played } from "./play.ts";

export const attackSchema = originSchema.extend({
  harness: z.literal("attack"),
  ...{ bundle: z.string(), wantedHz: z.number(), rounds: z.int(), nice: z.int() },
  ...{ connections: z.int(), perSecond: z.number() },
  phases: z.object({ alone: phaseSchema, held: phaseSchema, flood: phaseSchema }),
  repelled: z.array(
    z.object({
      phase: z.enum(PHASES),
      ...{ opened: z.int(), ended: z.int(), failed: z.int(), refused: z.record(z.string(), z.int()) },
    }),
  ),
});
export type AttackResult = z.infer<typeof attackSchema>;

export function summariseAttack(origin: Origin, plan: Plan, wanted: AttackWanted, played: Played): AttackResult {
  const of = (phase: Phase) => summarisePhase(phase, plan.everyBins, played);
  const { rounds, nice, connections, perSecond } = wanted;
  return {
    ...{ ...origin, harness: "attack", bundle: plan.name, wantedHz: 1000 / plan.widthMs / plan.everyBins },
    ...{ rounds, nice, connections, perSecond },
    phases: { alone: of("alone"), held: of("held"), flood: of("flood") },
    repelled: [...played.repelled],
  };
}

const NAMES: Record<Phase, string> = { alone: "nobody else", held: "connections held", flood: "connections refused" };

/** The result as docs/performance.md has it. */
export function attackText(result: AttackResult): string {
  const { bundle, wantedHz, rounds, nice, connections, perSecond, phases, repelled } = result;
  const rows = (key: "total" | "overhead", name: string) =>
    PHASES.map((phase) => distributionRow(`${name}: ${NAMES[phase]}`, phases[phase][key]));
  const change = (phase: Phase, key: "total" | "overhead") => {
    const [now, before]: Distribution[] = [phases[phase][key], phases.alone[key]];
    return `${((now!.p99 / before!.p99 - 1) * 100).toFixed(0)} %`;
  };
  return [
    originText(result),
    `Bundle \`${bundle}\`, ${wantedHz.toFixed(0)} frames/s, tokens asked for, one viewer with one; an attacker without, in a process at nice ${nice}; ${rounds} rounds in which the phases took turns. Held: up to ${connections} connections that say nothing or a letter every half second. Refused: upgrades with a wrong token, \`/status\` without one, bytes that are no HTTP. At most ${perSecond} attempts a second each.`,
    "",
    ...table([...rows("total", "bin close to socket write"), ...rows("overhead", "without the model run")]),
    "",
    `Change of p99: held ${change("held", "total")} (without the model run ${change("held", "overhead")}), refused ${change("flood", "total")} (${change("flood", "overhead")}). Bins that gave no frame: ${PHASES.map((phase) => `${NAMES[phase]} ${phases[phase].missing}`).join(", ")}.`,
    ...(["held", "flood"] as const).map((phase) => deedsText(phase, repelled)),
    "Nobody came in; the ledger balanced before and after every attack.",
  ].join("\n");
}

function deedsText(wanted: Phase, repelled: AttackResult["repelled"]): string {
  const mine = repelled.filter(({ phase }) => phase === wanted);
  const sum = (key: "opened" | "ended" | "failed") => mine.reduce((total, each) => total + each[key], 0);
  const refused: Record<string, number> = {};
  for (const each of mine)
    for (const [reason, count] of Object.entries(each.refused)) refused[reason] = (refused[reason] ?? 0) + count;
  const reasons = Object.entries(refused).map(([reason, count]) => `${reason} ${count}`);
  return `${NAMES[wanted]}: ${sum("opened")} attempts, ${sum("ended")} ended by the daemon, ${sum("failed")} not accepted; it counted ${reasons.join(", ") || "none"}.`;
}
