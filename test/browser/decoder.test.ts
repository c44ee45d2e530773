import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  freePortPair,
  type Running,
  type RunningDaemon,
  startDaemon,
  startRig,
  TINY_LINEAR,
  TINY_OPTIMISE,
} from "../integration/processes.ts";
import { tokenFile } from "../security/helpers.ts";
import { openBrowser, openPage, PATIENCE_MS, until } from "./chromium.ts";

let browser: Browser;
let rig: Running;
let daemon: RunningDaemon;
let spikes: number;

beforeAll(async () => {
  browser = await openBrowser();
  spikes = await freePortPair();
  rig = await startRig(spikes);
  daemon = await startDaemon(spikes, { bundles: [TINY_LINEAR, TINY_OPTIMISE] });
}, 2 * PATIENCE_MS);

afterAll(async () => {
  await browser?.close();
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

const words = (page: Page) => page.locator(".switch .words");
/** The number of the frame from which the last switch holds, as the page says it. */
async function heldFrom(page: Page, name: string): Promise<number> {
  await words(page)
    .filter({ hasText: new RegExp(`to ${name} holds from frame`) })
    .waitFor({ timeout: PATIENCE_MS });
  return Number(/frame ([\d,]+)$/.exec((await words(page).textContent()) ?? "")?.[1]?.replaceAll(",", ""));
}
const painted = (page: Page, seq: number) =>
  until(page, (wanted) => Number(document.getElementById("decoded")?.dataset.seq) >= wanted, seq);
const madeBy = (page: Page) => page.locator(".lineage .fact", { hasText: "made by" }).locator("dd").textContent();

test("an operator switches the decoder on the page: pictures go on, every bin is accounted for, and both pages say what holds", {
  timeout: 4 * PATIENCE_MS,
}, async () => {
  const { page, complaints } = await openPage(browser, daemon.url);
  const { page: other } = await openPage(browser, daemon.url);
  for (const each of [page, other]) {
    await painted(each, 1);
    await each.getByRole("tab", { name: "Decoder" }).click();
  }
  expect(await page.locator(".switch li").count()).toBe(3);
  for (const name of ["tiny-linear", "tiny"]) {
    const before = await daemon.status();
    await page.getByRole("button", { name: `Decode with ${name}`, exact: true }).click();
    const from = await heldFrom(page, name);
    expect(await heldFrom(other, name)).toBe(from);
    for (const each of [page, other]) {
      await painted(each, from + 5);
      await each.locator("header .bundle b", { hasText: new RegExp(`^${name}$`) }).waitFor();
      await each.locator(`.switch li[data-state="active"]`, { hasText: name }).waitFor();
    }
    expect(await madeBy(page)).toMatch(new RegExp(`^${name} [0-9a-f]{8}$`));
    const { ledger, switches } = await daemon.status();
    expect(switches).toBe(before.switches + 1);
    expect(ledger.bins).toBe(ledger.frames + ledger.superseded + ledger.expired + ledger.failed + ledger.gated);
    expect(ledger.failed).toBe(before.ledger.failed);
    expect(ledger.closed).toBe(ledger.bins + ledger.inFlight);
    await until(page, () => document.querySelector(".balance dd")?.textContent === "✓ balanced", null);
  }
  expect(await words(other).textContent()).toMatch(/^switch by viewer \d+ to tiny holds/);
  expect(complaints).toEqual([]);
  await page.close();
  await other.close();
});

test("a decoder says why it cannot learn, or cannot tell a measure, and how many windows a picture depends on", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { page, complaints } = await openPage(browser, daemon.url);
  await painted(page, 1);
  await page.getByRole("tab", { name: "Decoder" }).click();
  const { adaptation } = await daemon.status();
  expect(adaptation.possible).toBe(false);
  await page.locator(".adapt .words", { hasText: adaptation.why! }).waitFor();
  expect(await page.locator(".adapt button").count()).toBe(0);
  const history = page.locator(".lineage .fact", { hasText: "history" }).locator("dd");
  expect(await history.textContent()).toBe("none: its own window only");
  await page.getByRole("button", { name: "Decode with tiny-optimise" }).click();
  await heldFrom(page, "tiny-optimise");
  await history.filter({ hasText: /^\d+ earlier$/ }).waitFor();
  const why = await page.locator(".gauge.missing .why").allTextContents();
  expect(why).toHaveLength(2);
  expect(why.every((reason) => reason.length > 10)).toBe(true);
  expect(await page.locator(".evidence .gauge .num").count()).toBe(1);
  await page.locator(".latents").getByText("this decoder has none").waitFor();
  await page.locator(".readouts").getByText("this decoder has none").waitFor();
  expect(await page.locator(".latents canvas").count()).toBe(0);
  await page.getByRole("tab", { name: "Steering" }).click();
  await page.getByText("this decoder has no latents to steer").waitFor();
  expect(complaints).toEqual([]);
  await page.close();
});

test("a decoder that can learn is told to, and to stop", { timeout: 3 * PATIENCE_MS }, async () => {
  await using linear = await startDaemon(spikes, { bundle: TINY_LINEAR });
  const { page } = await openPage(browser, linear.url);
  await painted(page, 1);
  await page.getByRole("tab", { name: "Decoder" }).click();
  const said = page.locator(".adapt .words");
  await said.filter({ hasText: /^off$/ }).waitFor();
  await page.getByRole("button", { name: "Learn", exact: true }).click();
  await said.filter({ hasText: /^learns from known stimuli: .*; your change holds from frame/ }).waitFor();
  await page.locator(".tab-mark", { hasText: "learns" }).waitFor();
  await page.getByRole("button", { name: "Stop learning" }).click();
  await said.filter({ hasText: /^(off|stands still after .*); your change holds from frame/ }).waitFor();
  await page.close();
});

test("a viewer sees the decoders and has nothing to switch them with", { timeout: 3 * PATIENCE_MS }, async () => {
  const { path: tokensFile, tokens } = await tokenFile("viewer");
  await using guarded = await startDaemon(spikes, { access: { tokensFile }, bundles: [TINY_LINEAR] });
  const { page } = await openPage(browser, `${guarded.url}/#token=${tokens[0]}`);
  await painted(page, 1);
  await page.getByRole("tab", { name: "Decoder" }).click();
  await page.locator(".switch li", { hasText: "tiny-linear" }).waitFor();
  expect(await page.locator(".switch button").count()).toBe(0);
  await page.close();
});
