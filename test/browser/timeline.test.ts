import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEYWORD } from "../../clients/viewer/save/save.ts";
import { startServer } from "../integration/server-harness.ts";
import { readPng } from "../png.ts";
import { openBrowser, openPage, PATIENCE_MS, pixel, shows, until, VIEWER_DIR } from "./chromium.ts";
import { colourOf, helloWith, plainFrame } from "./frames.ts";

const LONG_MS = 10 * PATIENCE_MS;

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
}, PATIENCE_MS);

afterAll(() => browser?.close());

/** The page after `count` frames of one colour each, numbered from 0, and what it reported as shown. */
async function watched(count: number) {
  const shown: number[] = [];
  const { server, url } = await startServer({
    ...{ viewerDir: VIEWER_DIR, hello: () => helloWith(LONG_MS) },
    onShown: (seq) => shown.push(seq),
  });
  const { page, complaints, ready } = await openPage(browser, url);
  await ready;
  for (let seq = 0; seq < count; seq++) {
    server.publishFrame(plainFrame(seq));
    await shows(page, "decoded", seq);
  }
  return { server, page, complaints, shown };
}

function kept(page: Page, frames: number): Promise<void> {
  return until(page, (n) => document.querySelector<HTMLElement>(".scrub canvas")?.dataset.frames === n, String(frames));
}

async function isLive(page: Page): Promise<void> {
  await page.waitForSelector('.app[data-frozen="false"]');
  expect(await page.locator(".past-mark").isVisible()).toBe(false);
}

test("frozen, the page stands still while frames are kept; keys go through them, and back to live", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { server, page, complaints, shown } = await watched(8);
  await page.keyboard.press("Space");
  await page.waitForSelector('.app[data-frozen="true"]');
  expect(await page.locator(".past-mark").innerText()).toMatch(/^past, [\d.]+ s ago$/);
  server.publishFrame(plainFrame(8));
  await kept(page, 9);
  expect(await page.locator("#decoded").getAttribute("data-seq")).toBe("7");
  for (const [key, seq] of [
    ["ArrowLeft", 6],
    ["ArrowLeft", 5],
    ["ArrowRight", 6],
    ["Home", 0],
  ] as const) {
    await page.keyboard.press(key);
    await shows(page, "decoded", seq);
    expect(await pixel(page, "decoded", 0.5, 0.5)).toEqual(colourOf(seq));
    expect(await page.getByRole("slider", { name: "Timeline" }).getAttribute("aria-valuetext")).toBe(
      `frame ${seq}, on time`,
    );
  }
  // By time: how far depends on how quick this machine was.
  await page.keyboard.press("Shift+ArrowRight");
  await until(page, () => Number(document.getElementById("decoded")?.dataset.seq) > 0, null);
  await page.keyboard.press("End");
  await shows(page, "decoded", 8);
  await isLive(page);
  await expect.poll(() => shown.at(-1), { timeout: PATIENCE_MS }).toBe(8);
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
  expect(complaints.filter((text) => !text.includes("willReadFrequently"))).toEqual([]);
});

test("the strip is a slider for the pointer and for keys, and a button goes back to live", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { page } = await watched(5);
  const slider = page.getByRole("slider", { name: "Timeline" });
  const box = (await slider.boundingBox())!;
  await page.mouse.move(box.x + box.width - 1, box.y + 20);
  await page.getByText(/^[\d.]+ s ago · on time$/).waitFor();
  await page.mouse.move(box.x + 2, box.y + 20);
  await page.getByText(/ago · nothing kept$/).waitFor();
  await page.mouse.down();
  await shows(page, "decoded", 0);
  await page.mouse.move(box.x + box.width - 1, box.y + 20);
  await shows(page, "decoded", 4);
  await page.mouse.up();
  await page.waitForSelector('.app[data-frozen="true"]');
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await shows(page, "decoded", 3);
  await page.getByRole("button", { name: /^Live/ }).click();
  await shows(page, "decoded", 4);
  await isLive(page);
});

test("a saved picture has the pixels of the frame that is shown and its lineage", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { server, page } = await watched(3);
  await page.keyboard.press("Home");
  await shows(page, "decoded", 0);
  const [file] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("s")]);
  expect(file.suggestedFilename()).toMatch(/^phosphene-.*-000000\.png$/);
  const { width, height, rgb, texts } = readPng(await readFile(await file.path()));
  const frame = plainFrame(0);
  expect([width, height, rgb]).toEqual([frame.width, frame.height, frame.image]);
  const lineage = JSON.parse(texts[KEYWORD]!);
  expect(lineage.session).toBe(helloWith(1).session);
  expect(lineage.frame).toMatchObject({ seq: 0, bins: frame.bins, seed: frame.seed, stamps: frame.stamps });
  await page.keyboard.press("End");
  server.publishFrame(plainFrame(3, { state: "no-reconstruction" }));
  await shows(page, "decoded", 3);
  await page.getByRole("button", { name: /^Save/ }).click();
  await page.getByText("frame 3 has no reconstruction: there is no picture to save").waitFor();
});
