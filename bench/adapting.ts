// `npm run bench -- adapting`: frames of a live daemon with a linear bundle, learning and not, in turns.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import type { FrameBody } from "../src/protocol/messages.ts";
import { TestViewer } from "../test/integration/test-viewer.ts";
import { type Distribution, distribution } from "./distribution.ts";
import { beginRun, type Origin, OUTPUT_OPTIONS, originText, publish } from "./output.ts";
import { startSystem } from "./system.ts";
import { distributionRow, table } from "./table.ts";

interface Result extends Origin {
  readonly bundle: string;
  readonly units: number;
  readonly lessons: number;
  /** Frames that came late or not at all, of all bins that wanted one. */
  readonly missed: number;
  readonly offered: number;
  readonly rows: { readonly name: string; readonly ms: Distribution }[];
}

/** Frames of a turn. */
const TURN = 500;

/** Plays a session through the daemon, every bin a frame; adaptation is switched on and off in turns. */
export async function adapting(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...OUTPUT_OPTIONS,
      bundle: { type: "string", default: "models/demo-linear" },
      session: { type: "string", default: "models/demo/session" },
      turns: { type: "string", default: "20" },
    },
  });
  const finish = beginRun("adapting", args);
  const folder = mkdtempSync(join(tmpdir(), "phosphene-adapting-"));
  const config = join(folder, "config.yaml");
  writeFileSync(config, stringify({ stimuli: values.session, decode: { everyBins: 1 } }));
  await using system = await startSystem(values.bundle, ["--config", config], ["--session", values.session]);
  rmSync(folder, { recursive: true });
  await using viewer = await TestViewer.connect(system.streamUrl, "frame", "event");
  const { bundle } = await viewer.next("hello", () => true, 0);
  const turns = values.smoke ? 2 : Number(values.turns);
  const frames: Record<string, FrameBody[]> = { off: [], on: [] };
  for (let turn = 0; turn < turns; turn++) {
    const on = turn % 2 === 1;
    viewer.send("adapt", { id: turn, on });
    await viewer.next("adapted", ({ id }) => id === turn);
    viewer.messages.length = 0;
    for (let i = 0; i < (values.smoke ? 50 : TURN); i++) frames[on ? "on" : "off"]!.push(await viewer.next("frame"));
  }
  const { ledger, adaptation } = await system.status();
  const rows = Object.entries(frames).flatMap(([name, of]) => rowsOf(`adaptation ${name}`, of));
  const { late, expired, failed, superseded } = ledger;
  const missed = late + expired + failed + superseded;
  const offered = ledger.frames + expired + failed + superseded;
  const result: Result = {
    ...finish(),
    ...{ bundle: bundle.name, units: bundle.units, lessons: adaptation.updates, missed, offered, rows },
  };
  publish(result, adaptingText(result), { ...values, section: values.section ?? "adapting" });
}

function rowsOf(name: string, frames: readonly FrameBody[]): Result["rows"] {
  const stamps = frames.map((frame) => frame.stamps);
  return [
    { name: `${name}: bin close to write`, ms: distribution(stamps.map(({ closed, written }) => written - closed)) },
    { name: `${name}: decoder`, ms: distribution(stamps.map(({ started, synthesised }) => synthesised - started)) },
  ];
}

/** The report of a result, Markdown. */
export function adaptingText(result: Result): string {
  const { bundle, units, lessons, missed, offered } = result;
  return [
    `\`${bundle}\`, ${units} units, every bin a frame, in turns of ${TURN} frames; ${lessons} lessons; missed ${missed} of ${offered}.`,
    "",
    ...table(result.rows.map(({ name, ms }) => distributionRow(name, ms))),
    "",
    originText(result),
  ].join("\n");
}
