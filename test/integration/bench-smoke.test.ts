// The smoke version of each instrument: that it runs, that its numbers belong together, that its result can be kept and told again. No times.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { decodersSchema } from "../../bench/decoders.ts";
import type { Distribution } from "../../bench/distribution.ts";
import { fanoutSchema } from "../../bench/fanout/result.ts";
import type { IngestResult } from "../../bench/ingest/text.ts";
import { makePlan } from "../../bench/latency/plan.ts";
import { latencySchema, SPAN_NAMES } from "../../bench/latency/result.ts";
import { originSchema } from "../../bench/output.ts";
import { outputsSchema } from "../../bench/outputs/main.ts";
import { overheadSchema } from "../../bench/overhead.ts";
import { pageSchema } from "../../bench/page.ts";
import type { SoakResult } from "../../bench/soak/result.ts";
import { switchSchema } from "../../bench/switch.ts";
import { readBundle } from "../../daemon/bundle.ts";
import { balances } from "../../src/ledger.ts";
import { Running, TINY, TINY_LINEAR } from "./processes.ts";

// Several daemons one after another, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "phosphene-bench-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function bench(...args: string[]): Promise<{ code: number | string; output: string }> {
  await using running = new Running(["bench/main.ts", ...args]);
  return { code: await running.exited(), output: running.output };
}

/** Runs the smoke version on the tiny bundle; its result as it was kept. */
async function smoke(name: string, ...args: string[]) {
  const path = join(folder, `${name}.json`);
  const { code, output } = await bench(name, "--smoke", "--bundle", TINY, "--json", path, ...args);
  expect(code, output).toBe(0);
  const result: unknown = JSON.parse(readFileSync(path, "utf8"));
  expect(originSchema.parse(result)).toMatchObject({ harness: name, machine: { node: process.version } });
  return { path, output, result };
}

const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, n) => sum + n, 0);

function expectOrdered({ n, p50, p90, p99, p999, max, curve }: Distribution): void {
  const values = [0, p50, p90, p99, p999, max];
  expect(values).toEqual([...values].sort((a, b) => a - b));
  expect(curve.length > 0).toBe(n > 0);
}

test("without a name it lists the instruments; each is there, and another name is refused", async () => {
  const { code, output } = await bench();
  expect(code).toBe(0);
  const names = [...output.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name!);
  expect(names).toEqual(
    expect.arrayContaining(["latency", "ingest", "fanout", "soak", "peers", "sampler", "overhead"]),
  );
  for (const name of names) {
    const paths = [`${name}.ts`, `${name}/main.ts`].map((path) => join(import.meta.dirname, "../../bench", path));
    const module: Record<string, unknown> = await import(paths.find((path) => existsSync(path)) ?? paths[0]!);
    expect(typeof module[name], name).toBe("function");
  }
  expect((await bench("speed")).code).toBe(2);
});

describe("latency", () => {
  test("every bin that wanted a frame is accounted for, and the result is told again, with figures", async () => {
    const { path, output, result } = await smoke("latency");
    const kept = latencySchema.parse(result);
    const { offered, outcomes, missing, late, dropped, steps, states, spans, stages, offeredTotal } = kept;
    const frames = offered - missing;
    expect(offered).toBeGreaterThan(0);
    expect(offered).toBeLessThanOrEqual(40);
    expect(total(outcomes)).toBe(offered);
    expect((outcomes.frames ?? 0) + (outcomes["frames (late)"] ?? 0)).toBe(frames);
    for (const counts of [steps, states]) expect(total(counts)).toBe(frames);
    for (const name of ["total", "overhead", "model"] as const) expect(spans[name].n).toBe(frames);
    expect(spans.closeToClient.n).toBe(frames - dropped);
    expect(late).toBeLessThanOrEqual(frames);
    expect(offeredTotal.offered).toBe(offered);
    for (const each of [...Object.values(spans), ...Object.values(stages)]) expectOrdered(each);
    const again = await bench("report", path);
    expect(output.trim().endsWith(again.output.trim())).toBe(true);
    expect(again.output).toContain(SPAN_NAMES.total);
    const twice = join(folder, "twice.json");
    expect((await bench("merge", path, path, "--json", twice)).code).toBe(0);
    const both = latencySchema.parse(JSON.parse(readFileSync(twice, "utf8")));
    expect(both).toMatchObject({ runs: 2, offered: 2 * offered, missing: 2 * missing, late: 2 * late });
    expect(both.spans.total).toMatchObject({ n: 2 * frames, p50: spans.total.p50, max: spans.total.max });
    expect((await bench("figures", `here=${path}`, "--out", folder)).code).toBe(0);
    for (const name of ["latency-cdf", "latency-waterfall"]) {
      const svg = readFileSync(join(folder, `${name}.svg`), "utf8");
      expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg).toContain(`N = ${offered} bins at 25/s`);
    }
  });

  test("the cadence comes from the bundle's bins; where they are too wide for it, from a copy that says so and is whole", async () => {
    const wanted = { bundle: TINY, frames: 20, warmUp: 5, provider: null, config: null, budgetMs: 10 };
    const at = (rateHz: number | null, decode: string[] = []) => makePlan({ ...wanted, rateHz, decode });
    expect(await at(null)).toMatchObject({ dir: TINY, widthMs: 20, everyBins: 2, retimedFrom: null, blockMs: 10 });
    expect(await at(50)).toMatchObject({ dir: TINY, widthMs: 20, everyBins: 1, retimedFrom: null });
    const fast = await at(100, ["runner=plain", "guidance=null"]);
    expect(fast).toMatchObject({ name: "tiny-10ms", widthMs: 10, everyBins: 1, retimedFrom: TINY, blockMs: 5 });
    expect(fast.config).toMatchObject({ decode: { everyBins: 1, budgetMs: 10, runner: "plain", guidance: null } });
    const [copy, original] = [await readBundle(fast.dir), await readBundle(TINY)];
    expect(copy.digest).not.toBe(original.digest);
    expect(copy.manifest).toEqual({ ...original.manifest, name: "tiny-10ms", bins: { widthMs: 10, window: 5 } });
    await expect(at(null, ["runner"])).rejects.toThrow("--decode: expected KEY=VALUE, got runner");
  });
});

test("decoders: a result of each bundle, of frames that are accounted for", async () => {
  const { output, result } = await smoke("decoders", "--bundle", TINY);
  const { results } = decodersSchema.parse(result);
  expect(results.map(({ bundle }) => bundle.path)).toEqual([TINY, TINY]);
  for (const { offered, missing, spans } of results) expect(spans.total.n).toBe(offered - missing);
  expect(output).toContain("| bundle");
});

test("switch: each bundle decodes alone and while the other loads, and every bin of it is accounted for", async () => {
  const { result } = await smoke("switch", "--other", TINY_LINEAR);
  const { phases, tookMs } = switchSchema.parse(result);
  const names = ["tiny", "tiny-linear"];
  expect(Object.keys(phases)).toEqual(["loading", "with"].flatMap((what) => names.map((name) => `${what} ${name}`)));
  for (const name of names) expect(tookMs[name]).toHaveLength(1);
  for (const { total } of Object.values(phases)) expectOrdered(total);
  expect(phases["with tiny"]!.total.n).toBeGreaterThan(0);
});

test("ingest: what was sent is what was received and what was lost, in every run", async () => {
  const { result } = await smoke("ingest");
  const { runs } = result as IngestResult;
  expect(runs.map(({ name }) => name)).toEqual(["sustained", "latency", "burst"]);
  for (const { sent, received, lost, bins, toBin } of runs) {
    expect(sent).toBeGreaterThan(0);
    expect(lost).toBe(sent - received);
    expect(bins.frames + bins.superseded + bins.expired + bins.failed).toBeLessThanOrEqual(bins.bins);
    if (toBin !== null) expectOrdered(toBin);
  }
  expect(runs[0]!.toBin!.n).toBe(runs[0]!.received);
});

test("soak: a sample of memory at each poll, and a ledger that balances", async () => {
  const { result } = await smoke("soak");
  const { samples, ledger, viewers } = result as SoakResult;
  expect(samples).toHaveLength(7);
  for (const { daemonMiB, decoderMiB } of samples) expect(Math.min(daemonMiB, decoderMiB)).toBeGreaterThan(1);
  expect(balances(ledger)).toBe(true);
  for (const { offered, sent, dropped, queued } of viewers) expect(offered).toBe(sent + dropped + queued);
});

test("fanout: every viewer of the crowd received what was sent to it, in every phase", async () => {
  const { result } = await smoke("fanout");
  const { phases, delivered, viewers, polls } = fanoutSchema.parse(result);
  expect(viewers).toBe(8);
  expect(polls).toBeGreaterThan(0);
  for (const { offered, sent, dropped, exact } of delivered) {
    expect(exact).toBe(true);
    expect(offered).toBe(sent + dropped);
  }
  for (const { total: all, overhead } of Object.values(phases)) {
    expect(all.n).toBe(overhead.n);
    for (const each of [all, overhead]) expectOrdered(each);
  }
});

test("overhead: every variant has its stages, all of the same frames", async () => {
  const { output, result } = await smoke("overhead");
  expect(output).not.toMatch(/\bNaN\b|undefined/);
  const { variants } = overheadSchema.parse(result);
  expect(Object.keys(variants).length).toBeGreaterThan(1);
  for (const { rows } of Object.values(variants)) {
    expect(new Set(Object.values(rows).map(({ n }) => n)).size).toBe(1);
    for (const each of Object.values(rows)) expectOrdered(each);
  }
});

test("outputs: something arrived of every frame, and what the daemon says it sent is that", async () => {
  const { result } = await smoke("outputs");
  const { outputs, frames } = outputsSchema.parse(result);
  expect(frames).toBeGreaterThan(0);
  for (const { missing, fromClose, fromReady, counts } of Object.values(outputs)) {
    expect(missing + fromClose.n).toBe(frames);
    for (const each of [fromClose, fromReady]) expectOrdered(each);
    const { offered, sent, merged, late, failed, pending } = counts;
    expect(sent! + merged! + late! + failed! + pending!).toBe(offered);
  }
  expect(outputs.serial!.missing).toBe(0);
  expect(outputs.zeromq!.missing).toBe(0);
  expect(outputs.networkEvents!.missing).toBeLessThanOrEqual(outputs.networkEvents!.counts.merged!);
});

test("page: a first picture, the word that the daemon hangs, and the heap meanwhile", async () => {
  const { output, result } = await smoke("page");
  expect(output).not.toMatch(/\bNaN\b|undefined/);
  const { firstPicture, stale, samples } = pageSchema.parse(result);
  for (const each of [firstPicture, stale]) expectOrdered(each);
  expect(samples.length).toBeGreaterThan(3);
  expect(samples.at(-1)!.seq).toBeGreaterThan(samples[0]!.seq);
});

test("an option that no harness has is one sentence and exit code 2", async () => {
  const { code, output } = await bench("latency", "--frame", "5");
  expect(code).toBe(2);
  expect(output.trim().split("\n")).toHaveLength(2);
  expect(output).toContain("Unknown option '--frame'");
});
