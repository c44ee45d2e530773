import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePortPair, type Running, type RunningDaemon, startDaemon, startRig } from "../integration/processes.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const OFF = ["quic", "background-networking", "component-update", "sync", "gpu"].map((part) => `--disable-${part}`);
const PATIENCE_MS = 60_000;

let browser: Browser;
let rig: Running;
let daemon: RunningDaemon;

beforeAll(async () => {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium (npm test does it)`);
  await build({ root: fileURLToPath(new URL("../../clients/viewer", import.meta.url)), logLevel: "error" });
  const port = await freePortPair();
  rig = await startRig(port);
  daemon = await startDaemon(port);
  const args = ["--no-sandbox", "--no-first-run", ...OFF];
  browser = await chromium.launch({ executablePath: CHROMIUM, args });
}, 2 * PATIENCE_MS);

afterAll(async () => {
  await browser?.close();
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

/** Opens the page and collects what its console and its scripts complain about. */
async function open(): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(daemon.url);
  return { page, complaints };
}

/** Waits until `check` holds in the page; the page's own animation frames are the clock. */
async function until<Arg>(page: Page, check: (arg: Arg) => boolean, arg: Arg): Promise<void> {
  await page.waitForFunction(check as (arg: unknown) => boolean, arg, { timeout: PATIENCE_MS });
}

function pixels(page: Page, id: string): Promise<string> {
  return page.evaluate((name) => (document.getElementById(name) as HTMLCanvasElement).toDataURL(), id);
}

test("the decoded picture moves and the stimulus appears", { timeout: 2 * PATIENCE_MS }, async () => {
  const { page, complaints } = await open();
  await until(page, () => Number(document.getElementById("decoded")?.dataset.seq) > 0, null);
  const before = await pixels(page, "decoded");
  await until(page, (old) => (document.getElementById("decoded") as HTMLCanvasElement).toDataURL() !== old, before);
  await until(page, () => document.getElementById("stimulus")?.dataset.look === "picture", null);
  const raster = await pixels(page, "raster");
  await until(page, (old) => (document.getElementById("raster") as HTMLCanvasElement).toDataURL() !== old, raster);
  expect(complaints).toEqual([]);
  await page.close();
});

test("the ledger balances, one screen holds everything, and shown frames give the glass latency", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { page } = await open();
  await until(page, () => document.querySelector(".balance dd")?.textContent === "✓ balanced", null);
  const scrolls = await page.evaluate(() => document.documentElement.scrollHeight > window.innerHeight);
  expect(scrolls).toBe(false);
  await until(page, () => Number(document.querySelector("tbody tr:last-child td")?.textContent) > 0, null);
  expect((await daemon.status()).latency.glass.n).toBeGreaterThan(0);
  await page.close();
});

test("the space key freezes the picture and lets it go on", { timeout: 2 * PATIENCE_MS }, async () => {
  const { page } = await open();
  const seq = () => page.evaluate(() => Number(document.getElementById("decoded")?.dataset.seq));
  await until(page, () => Number(document.getElementById("decoded")?.dataset.seq) > 0, null);
  await page.keyboard.press("Space");
  await page.waitForSelector('[data-frozen="true"]');
  const frozen = await seq();
  const { frames } = (await daemon.status()).ledger;
  await expect
    .poll(async () => (await daemon.status()).ledger.frames, { timeout: PATIENCE_MS })
    .toBeGreaterThan(frames + 3);
  expect(await seq()).toBe(frozen);
  await page.keyboard.press("Space");
  await until(page, (old) => Number(document.getElementById("decoded")?.dataset.seq) > old, frozen);
  await page.close();
});

test("a daemon that is gone is said at once, and the page finds it again", { timeout: 3 * PATIENCE_MS }, async () => {
  const { page } = await open();
  await until(page, () => document.querySelector(".decoded")?.getAttribute("data-fresh") === "fresh", null);
  const port = new URL(daemon.url).port;
  await daemon[Symbol.asyncDispose]();
  await until(page, () => document.querySelector(".decoded .overlay .title")?.textContent === "reconnecting", null);
  const endpoint = /tcp:\/\/127\.0\.0\.1:(\d+)/.exec(rig.output)?.[1];
  daemon = await startDaemon(Number(endpoint), { server: { port: Number(port) } });
  await until(page, () => document.querySelector(".decoded")?.getAttribute("data-fresh") === "fresh", null);
  await page.close();
});
