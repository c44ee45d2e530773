// `npm run bench -- page`: the viewer in a real Chromium: how soon its first picture is there, how soon it says that the daemon hangs, its script heap over time.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { z } from "zod";
import { distribution, distributionSchema } from "./distribution.ts";
import { beginRun, OUTPUT_OPTIONS, originSchema, originText, publish } from "./output.ts";
import { slope } from "./soak/slope.ts";
import { type System, startSystem } from "./system.ts";
import { distributionRow, table } from "./table.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const VIEWER = fileURLToPath(new URL("../clients/viewer", import.meta.url));
/** A machine that never gives a picture is no measurement. */
const PATIENCE_MS = 60_000;
const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", default: "models/demo" },
  minutes: { type: "string" },
} as const;
const SIZES = {
  full: { minutes: 10, times: 20, everyS: 10 },
  smoke: { minutes: 0.1, times: 1, everyS: 1 },
};

const sampleSchema = z.object({ minute: z.number(), heapMiB: z.number(), nodes: z.number(), seq: z.number() });
export const pageSchema = originSchema.extend({
  harness: z.literal("page"),
  bundle: z.string(),
  /** From the navigation to the first decoded picture, in a context without a cache, and from SIGSTOP of the daemon to the word "stale", ms. */
  firstPicture: distributionSchema,
  stale: distributionSchema,
  samples: z.array(sampleSchema),
});
type Sample = z.infer<typeof sampleSchema>;
type Result = z.infer<typeof pageSchema>;

export async function page(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { minutes, times, everyS } = SIZES[values.smoke ? "smoke" : "full"];
  const end = beginRun("page", args);
  await build({ root: VIEWER, logLevel: "error" });
  await using system = await startSystem(values.bundle);
  await using browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  const first = await repeat(times, () => firstPictureMs(browser, system));
  const stale = await repeat(times, () => staleMs(browser, system));
  const samples = await heap(browser, system, Number(values.minutes ?? minutes), everyS);
  const measured = { firstPicture: distribution(first), stale: distribution(stale), samples };
  const result: Result = { ...end(), harness: "page", bundle: values.bundle, ...measured };
  publish(result, pageText(result), { ...values, section: values.section ?? "page" });
}

async function repeat(times: number, measure: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push(await measure());
  return all;
}

async function open(browser: Browser, system: System): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const opened = await context.newPage();
  await opened.goto(system.url, { waitUntil: "commit" });
  return opened;
}

/** The page's clock, whose 0 is the navigation, in the animation frame in which the decoded picture was first `wanted`. */
async function clockWhen(opened: Page, wanted: string): Promise<number> {
  const check = (freshness: string) => {
    const isDrawn = document.getElementById("decoded")?.dataset.seq;
    return isDrawn && document.querySelector<HTMLElement>(".decoded")?.dataset.fresh === freshness && performance.now();
  };
  const clock = await opened.waitForFunction(check, wanted, { polling: "raf", timeout: PATIENCE_MS });
  return Number(await clock.jsonValue());
}

async function firstPictureMs(browser: Browser, system: System): Promise<number> {
  const opened = await open(browser, system);
  const ms = await clockWhen(opened, "fresh");
  await opened.context().close();
  return ms;
}

async function staleMs(browser: Browser, system: System): Promise<number> {
  const opened = await open(browser, system);
  await clockWhen(opened, "fresh");
  const fromMs = await opened.evaluate(() => performance.now());
  process.kill(system.pid, "SIGSTOP");
  const toMs = await clockWhen(opened, "stale");
  process.kill(system.pid, "SIGCONT");
  await opened.context().close();
  return toMs - fromMs;
}

async function heap(browser: Browser, system: System, minutes: number, everyS: number): Promise<Sample[]> {
  const opened = await open(browser, system);
  await clockWhen(opened, "fresh");
  const session = await opened.context().newCDPSession(opened);
  const samples: Sample[] = [];
  for (let second = 0; second <= 60 * minutes; second += everyS) {
    samples.push(await sample(opened, session, second));
    await opened.waitForTimeout(1000 * everyS);
  }
  return samples;
}

/** After everything that nobody holds has been collected. */
async function sample(opened: Page, session: CDPSession, second: number): Promise<Sample> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes } = await session.send("Memory.getDOMCounters");
  const seq = await opened.evaluate(() => Number(document.getElementById("decoded")?.dataset.seq));
  return { minute: second / 60, heapMiB: usedSize / 2 ** 20, nodes, seq };
}

export function pageText(result: Result): string {
  const { samples, bundle, firstPicture, stale } = result;
  const half = samples.slice(Math.floor(samples.length / 2));
  const { perHour, error } = slope(half.map(({ minute, heapMiB }) => [minute / 60, heapMiB] as const));
  const at = (of: (each: Sample) => number) =>
    [samples[0]!, half[0]!, samples.at(-1)!].map((each) => of(each).toFixed(1));
  const kept = at(({ heapMiB }) => heapMiB).join(" / ");
  const nodes = at(({ nodes }) => nodes).join(" / ");
  return [
    `${originText(result)} Bundle ${bundle}, Chromium without a GPU at 1440x900, rig, daemon and browser on the same cores.`,
    "",
    ...table([
      distributionRow("navigation to first picture", firstPicture),
      distributionRow("daemon stopped to `stale` on the page", stale),
    ]),
    "",
    `Script heap after garbage collection at the start / half / end of ${samples.at(-1)!.minute.toFixed(1)} min: ${kept} MiB, DOM nodes ${nodes}; slope of the second half ${perHour.toFixed(1)} ± ${error.toFixed(1)} MiB/h. Frames came up to ${samples.at(-1)!.seq}.`,
  ].join("\n");
}
