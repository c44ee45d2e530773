import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { describeMachine, machine } from "./machine.ts";
import { replaceSection } from "./section.ts";

/** Options that every harness has, for `parseArgs`. */
export const OUTPUT_OPTIONS = {
  json: { type: "string" },
  write: { type: "boolean", default: false },
  section: { type: "string" },
  smoke: { type: "boolean", default: false },
} as const;

const machineSchema = z.object({
  ...{ cpu: z.string(), cores: z.number(), memoryGiB: z.number(), kernel: z.string(), node: z.string() },
  ...{ governor: z.string().nullable(), gpu: z.string().nullable(), scheduling: z.string(), load: z.number() },
});

/** What every result begins with: how it was made, and where. */
export const originSchema = z.object({
  harness: z.string(),
  format: z.literal(1),
  command: z.string(),
  startedAt: z.string(),
  /** Of the code; a + when files were changed since. */
  commit: z.string(),
  machine: machineSchema,
  /** Load average of the last minute, when the run was over. */
  loadAfter: z.number(),
});
export type Origin = z.infer<typeof originSchema>;

const PLACES = ["--json", "--section", "--rows"];

/** Notes how a run begins; the function it returns is called when it is over. */
export function beginRun(harness: string, args: readonly string[]): () => Origin {
  const startedAt = new Date().toISOString();
  // Where the result goes says nothing about it.
  const shown = args.filter(
    (arg, at) => arg !== "--write" && !PLACES.includes(arg) && !PLACES.includes(args[at - 1] ?? ""),
  );
  const command = ["npm run bench --", harness, ...shown].join(" ");
  const origin = {
    harness,
    format: 1,
    command,
    startedAt,
    commit: commitOfCode(),
    machine: describeMachine(),
  } as const;
  return () => ({ ...origin, loadAfter: describeMachine().load });
}

/** First lines of a report. */
export function originText({ machine: info, commit, startedAt, command, loadAfter }: Origin): string {
  const load = `load ${info.load.toFixed(1)} before, ${loadAfter.toFixed(1)} after`;
  return `${machine(info)}; ${load}. ${startedAt.slice(0, 10)}, commit ${commit}. Command: \`${command}\`.`;
}

function commitOfCode(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      encoding: "utf8",
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short", "HEAD")}${changed ? "+" : ""}`;
  } catch {
    return process.env.PHOSPHENE_COMMIT ?? "unknown";
  }
}

/** Prints a report, and keeps it and its result where the options want them. The result keeps its text, for `report`. */
export function publish(
  result: object,
  text: string,
  options: { json?: string | undefined; write: boolean; section: string },
): void {
  process.stdout.write(`${text}\n`);
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, `${JSON.stringify({ ...result, text }, null, 1)}\n`);
  }
  if (options.write) replaceSection("docs/performance.md", options.section, text);
}

/** A result as it was kept. */
export function readResult(path: string): { origin: Origin; value: unknown } {
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  return { origin: originSchema.parse(value), value };
}
