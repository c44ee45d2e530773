import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  freePortPair,
  type Running,
  type RunningDaemon,
  startDaemon,
  startRig,
  TINY,
} from "../integration/processes.ts";
import { tokenFile } from "../security/helpers.ts";
import { openBrowser, openPage, PATIENCE_MS, until, VIEWER_DIR } from "./chromium.ts";
import { quietSession, shuffledSession } from "./sessions.ts";

const models = fileURLToPath(new URL("../../models", import.meta.url));

let browser: Browser;
let rig: Running;
let daemon: RunningDaemon;

beforeAll(async () => {
  browser = await openBrowser();
  const port = await freePortPair();
  rig = await startRig(port);
  daemon = await startDaemon(port);
}, 2 * PATIENCE_MS);

afterAll(async () => {
  await browser?.close();
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

const open = (url = daemon.url) => openPage(browser, url);

function pixels(page: Page, id: string): Promise<string> {
  return page.evaluate((name) => (document.getElementById(name) as HTMLCanvasElement).toDataURL(), id);
}

test("the page's script is small", () => {
  const scripts = readdirSync(join(VIEWER_DIR, "assets")).filter((file) => file.endsWith(".js"));
  const bytes = scripts.map((file) => gzipSync(readFileSync(join(VIEWER_DIR, "assets", file))).length);
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000);
});

test("the decoded picture changes with the stimulus, and nothing is complained of", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { page, complaints } = await open();
  await until(page, () => Number(document.getElementById("decoded")?.dataset.seq) > 0, null);
  await until(page, () => document.getElementById("stimulus")?.dataset.look === "picture", null);
  const first = await page.evaluate(() => document.getElementById("stimulus")?.dataset.stimulus);
  const [before, raster] = [await pixels(page, "decoded"), await pixels(page, "raster")];
  const other = (id: string | undefined) => {
    const { look, stimulus } = document.getElementById("stimulus")!.dataset;
    return look === "picture" && stimulus !== id;
  };
  await until(page, other, first);
  await until(page, (old) => (document.getElementById("decoded") as HTMLCanvasElement).toDataURL() !== old, before);
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
  await until(page, () => Number(document.querySelector(".percentiles tr:last-child td")?.textContent) > 0, null);
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

test("steering changes the picture from the frame that is named, every page follows, a reset gives the old picture back", {
  timeout: 3 * PATIENCE_MS,
}, async () => {
  using quiet = quietSession(join(TINY, "session"));
  const port = await freePortPair();
  await using _rig = await startRig(port, "--session", quiet.folder);
  // No spikes and always one step: every picture is the same, but for the steering.
  await using still = await startDaemon(port, { decode: { maxSteps: 1 } });
  const [{ page }, { page: other }] = [await open(still.url), await open(still.url)];
  const settled = async () => {
    const seq = await page.evaluate(() => Number(document.getElementById("decoded")?.dataset.seq));
    await until(page, (old) => Number(document.getElementById("decoded")?.dataset.seq) > old + 5, seq);
    return pixels(page, "decoded");
  };
  const before = await settled();
  expect(await settled()).toBe(before);
  for (const each of [page, other]) await each.keyboard.press("2");
  await page.getByRole("slider", { name: "category" }).focus();
  for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowRight");
  await until(page, () => /holds from frame/.test(document.querySelector(".steering-words")?.textContent ?? ""), null);
  const named = /^your change holds from frame ([\d,]+)$/.exec((await page.textContent(".steering-words")) ?? "");
  const from = Number(named?.[1]?.replaceAll(",", ""));
  await until(page, (seq) => Number(document.getElementById("decoded")?.dataset.seq) >= seq, from);
  const steered = await settled();
  expect(steered).not.toBe(before);
  const follows = (value: string) =>
    [...document.querySelectorAll<HTMLInputElement>(".slider input")].some((slider) => slider.value === value);
  await until(other, follows, "2");
  expect(await other.textContent(".steering-words")).toMatch(/^change by viewer \d+ holds from frame/);
  await other.getByRole("button", { name: "Reset all" }).click();
  await until(page, () => /change by viewer/.test(document.querySelector(".steering-words")?.textContent ?? ""), null);
  expect(await settled()).toBe(before);
  await page.close();
  await other.close();
});

test("a daemon that hangs is stale, and fresh when it goes on", { timeout: 2 * PATIENCE_MS }, async () => {
  const { page } = await open();
  const fresh = (kind: string) => document.querySelector(".decoded")?.getAttribute("data-fresh") === kind;
  await until(page, fresh, "fresh");
  daemon.process.child.kill("SIGSTOP");
  await until(page, fresh, "stale");
  daemon.process.child.kill("SIGCONT");
  await until(page, fresh, "fresh");
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

test("spikes under wrong names give no reconstruction, whatever is shown", { timeout: 4 * PATIENCE_MS }, async () => {
  const own = join(models, "demo/session");
  using shuffled = shuffledSession(own);
  const port = await freePortPair();
  const wrong = await startRig(port, "--session", shuffled.folder);
  await using demo = await startDaemon(port, { bundle: join(models, "demo-linear"), stimuli: own });
  const { page } = await open(demo.url);
  // Every state that the page shows of pictures of now, until a few stimuli were on.
  const states = await page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const [shown, seen] = [new Set<string>(), new Set<string>()];
        const turn = () => {
          const { look, stimulus } = document.getElementById("stimulus")!.dataset;
          const { fresh, state } = document.querySelector<HTMLElement>(".decoded")!.dataset;
          if (look === "picture" && stimulus) shown.add(stimulus);
          if (fresh === "fresh" && state) seen.add(state);
          if (shown.size > 3 && seen.size > 0) resolve([...seen]);
          else requestAnimationFrame(turn);
        };
        turn();
      }),
  );
  expect(states).toEqual(["none"]);
  expect(await page.textContent(".decoded .badge")).toBe("no reconstruction");
  await wrong[Symbol.asyncDispose]();
  await using _right = await startRig(port, "--session", own);
  await until(page, () => document.querySelector(".decoded")?.getAttribute("data-state") === "ok", null);
  await page.close();
});

test("without a token the page asks for one; a viewer watches, an operator's link steers", {
  timeout: 3 * PATIENCE_MS,
}, async () => {
  const { path: tokensFile, tokens } = await tokenFile("viewer", "operator");
  const port = Number(/tcp:\/\/127\.0\.0\.1:(\d+)/.exec(rig.output)?.[1]);
  await using guarded = await startDaemon(port, { access: { tokensFile } });
  const { page } = await open(guarded.url);
  const word = page.getByLabel("Token", { exact: true }).and(page.locator("input"));
  await word.fill("not-a-token-of-this-daemon");
  await page.keyboard.press("Enter");
  await page.getByText("The token is not valid (any more).").waitFor();
  await word.fill(tokens[0]!);
  await page.keyboard.press("Enter");
  await page.getByText("watching only").waitFor();
  await page.keyboard.press("2");
  expect(await page.getByRole("slider", { name: "category" }).isDisabled()).toBe(true);
  await until(page, () => document.getElementById("stimulus")?.dataset.look === "picture", null);
  await page.close();
  const { page: other } = await open(`${guarded.url}/#token=${tokens[1]}`);
  await until(other, () => Number(document.getElementById("decoded")?.dataset.seq) > 0, null);
  expect(other.url()).toBe(`${guarded.url}/`);
  await other.keyboard.press("2");
  expect(await other.getByRole("slider", { name: "category" }).isEnabled()).toBe(true);
  await other.close();
});
