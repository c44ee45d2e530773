import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Config } from "../../src/config.ts";
import { expected, PhospheneError } from "../../src/errors.ts";
import { parseTrace, type TraceBody } from "../../src/protocol/trace.ts";
import { readPrivate } from "../server/access/private-file.ts";
import { authority } from "../server/address.ts";
import { traceFile } from "../trace-events.ts";
import { configOption, loadConfig, parsePositive } from "./options.ts";

interface TraceOptions {
  config?: string;
  frames?: number;
  out: string;
  url?: string;
  tokenFile?: string;
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
      const url = options.url ?? urlOf((await loadConfig(options.config)).server);
      const body = lastFrames(
        await fetchTrace(url, await tokenIn(options.tokenFile)),
        options.frames ?? Number.POSITIVE_INFINITY,
      );
      await writeFile(options.out, JSON.stringify(traceFile(body)));
      const frames = body.bins.filter(({ frame }) => frame !== null).length;
      process.stdout.write(`phosphene: ${frames} frames of ${body.bins.length} bins in ${options.out}\n`);
    });
}

function urlOf({ host, port, tls }: Config["server"]): string {
  return `${tls === null ? "http" : "https"}://${authority(host, port)}`;
}

/** Not from the command line or the environment, which others can read. */
async function tokenIn(path: string | undefined): Promise<string | null> {
  return path === undefined ? null : (await readPrivate(path, { key: "--token-file", code: "TOKENS_INVALID" })).trim();
}

/** Throws DAEMON_UNAVAILABLE when no daemon that keeps a trace answers there. */
async function fetchTrace(url: string, token: string | null): Promise<TraceBody> {
  const answer = await ask(new URL("/trace", url), token).catch((cause: unknown) => {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new PhospheneError("DAEMON_UNAVAILABLE", expected(url, "a running daemon", reason), { cause });
  });
  const trace = parseTrace(answer);
  if (typeof trace !== "string") return trace;
  throw new PhospheneError("DAEMON_UNAVAILABLE", `${url}/trace: ${trace}`);
}

async function ask(url: URL, token: string | null): Promise<unknown> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(10_000),
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
  if (response.status === 401) throw new Error("the daemon asks for a token: give it with --token-file");
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

/** Cuts the trace so that it begins with the n-th last frame. */
function lastFrames(body: TraceBody, n: number): TraceBody {
  const withFrames = body.bins.flatMap(({ frame }, i) => (frame === null ? [] : [i]));
  const first = withFrames.at(-Math.min(n, withFrames.length)) ?? 0;
  return { ...body, bins: body.bins.slice(n < withFrames.length ? first : 0) };
}
