import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { PhospheneError } from "../../src/errors.ts";
import { parseTrace, type TraceBody } from "../../src/protocol/trace.ts";
import { traceFile } from "../trace-events.ts";
import { configOption, parsePositive } from "./options.ts";
import { get, type Reached, type ReachOptions, reach } from "./reach.ts";

interface TraceOptions extends ReachOptions {
  frames?: number;
  out: string;
}

/** `phosphene trace`: what happened to the last frames of a running daemon, and when, as a file for Perfetto. */
export function addTrace(program: Command): void {
  program
    .command("trace")
    .description("write when what happened to the last frames: a file for https://ui.perfetto.dev or chrome://tracing")
    .addOption(configOption)
    .option(
      "--frames <n>",
      "the last n frames and the bins between them (default: all that the daemon keeps)",
      parsePositive,
    )
    .option("--out <file>", "file to write", "trace.json")
    .option("--url <url>", "the daemon's address (default: that of the configuration)")
    .option("--token-file <file>", "file (mode 0600) with a token alone in it, where the daemon asks for one")
    .action(async (options: TraceOptions) => {
      const body = lastFrames(await fetchTrace(await reach(options)), options.frames ?? Number.POSITIVE_INFINITY);
      await writeFile(options.out, JSON.stringify(traceFile(body)));
      const frames = body.bins.filter(({ frame }) => frame !== null).length;
      process.stdout.write(`phosphene: ${frames} frames of ${body.bins.length} bins in ${options.out}\n`);
    });
}

/** Throws DAEMON_UNAVAILABLE when no daemon that keeps a trace answers there. */
async function fetchTrace(daemon: Reached): Promise<TraceBody> {
  const trace = parseTrace(await get(daemon, "/trace"));
  if (typeof trace !== "string") return trace;
  throw new PhospheneError("DAEMON_UNAVAILABLE", `${daemon.url}/trace: ${trace}`);
}

/** Cuts the trace so that it begins with the n-th last frame. */
function lastFrames(body: TraceBody, n: number): TraceBody {
  const withFrames = body.bins.flatMap(({ frame }, i) => (frame === null ? [] : [i]));
  const first = withFrames.at(-Math.min(n, withFrames.length)) ?? 0;
  return { ...body, bins: body.bins.slice(n < withFrames.length ? first : 0) };
}
