import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../integration/server-harness.ts";
import { startGuarded } from "../security/helpers.ts";
import { openBrowser, openPage, PATIENCE_MS, pixel, shows, until, VIEWER_DIR } from "./chromium.ts";
import { colourOf, helloWith, plainFrame } from "./frames.ts";

const GREY = [128, 128, 128];
const BLACK = [0, 0, 0];
const LONG_MS = 10 * PATIENCE_MS;

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
}, PATIENCE_MS);

afterAll(() => browser?.close());

/** The server with a page of `/subject`, and what the page reported as shown. */
async function watched(query: string, staleMs = LONG_MS) {
  const shown: number[] = [];
  const hello = () => helloWith(staleMs);
  const { server, url } = await startServer({ viewerDir: VIEWER_DIR, hello, onShown: (seq) => shown.push(seq) });
  const { page, complaints, ready } = await openPage(browser, `${url}/subject${query}`, { width: 800, height: 600 });
  await ready;
  return { server, page, complaints, shown };
}

/** Notes at the end of every animation frame which frame the page shows, the colour of its picture, and of its patch. */
function sample(page: Page): Promise<void> {
  return page.evaluate(() => {
    const canvas = document.querySelector("canvas")!;
    const pen = canvas.getContext("2d")!;
    const seen: [number, number, number][] = [];
    Object.assign(window, { seen });
    const turn = () => {
      requestAnimationFrame(turn);
      const red = pen.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[0]!;
      const patch = pen.getImageData(10, canvas.height - 10, 1, 1).data[0]!;
      if (canvas.dataset.seq) seen.push([Number(canvas.dataset.seq), red, patch]);
    };
    requestAnimationFrame(turn);
  });
}

test("the patch changes with every frame that is shown, in the same animation frame as the picture", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { server, page, shown } = await watched("?patch=bottom-left&size=60");
  await sample(page);
  const count = 20;
  for (let seq = 0; seq < count; seq++) {
    server.publishFrame(plainFrame(seq));
    await shows(page, "subject", seq);
  }
  const seen = await page.evaluate(() => (window as unknown as { seen: [number, number, number][] }).seen);
  for (const [seq, red, patch] of seen) expect([seq, red, patch]).toEqual([seq, seq + 1, seq % 2 === 0 ? 255 : 0]);
  expect(new Set(seen.map(([seq]) => seq)).size).toBeGreaterThan(count - 3);
  await expect.poll(() => shown.at(-1), { timeout: PATIENCE_MS }).toBe(count - 1);
  // A square in the middle of 800 x 600, black beside it, and no patch elsewhere.
  expect([await pixel(page, "subject", 0.1, 0.5), await pixel(page, "subject", 0.99, 0.01)]).toEqual([BLACK, BLACK]);
  expect([await pixel(page, "subject", 0.13, 0.01), await pixel(page, "subject", 0.87, 0.99)]).toEqual([
    colourOf(count - 1),
    colourOf(count - 1),
  ]);
});

test("nothing but the picture: no words, no cursor, no scroll bars", { timeout: 2 * PATIENCE_MS }, async () => {
  const { server, page, complaints } = await watched("");
  server.publishFrame(plainFrame(1));
  await shows(page, "subject", 1);
  const look = await page.evaluate(() => ({
    words: document.body.innerText.trim(),
    cursor: getComputedStyle(document.querySelector("canvas")!).cursor,
    scrolls: document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth,
  }));
  expect(complaints).toEqual([]);
  expect(look).toEqual({ words: "", cursor: "none", scrolls: false });
  expect(await pixel(page, "subject", 0.01, 0.99)).toEqual(BLACK);
  await page.keyboard.press("f");
  await until(page, () => document.fullscreenElement !== null, null);
});

test("where nothing was reconstructed, or nothing comes any more, there is grey", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { server, page } = await watched("?patch=top-left");
  server.publishFrame(plainFrame(1));
  await shows(page, "subject", 1);
  expect(await pixel(page, "subject", 0.5, 0.5)).toEqual(colourOf(1));
  server.publishFrame(plainFrame(2, { state: "no-reconstruction" }));
  await shows(page, "subject", 2);
  expect([await pixel(page, "subject", 0.5, 0.5), await pixel(page, "subject", 0.01, 0.01)]).toEqual([GREY, BLACK]);
  server.publishFrame(plainFrame(3));
  await shows(page, "subject", 3);
  expect(await pixel(page, "subject", 0.5, 0.5)).toEqual(colourOf(3));
  await server.close();
  await until(page, () => document.querySelector("canvas")?.dataset.look === "grey", null);
  expect(await pixel(page, "subject", 0.5, 0.5)).toEqual(GREY);
});

test("a picture that is not renewed goes; what comes instead can be chosen", { timeout: 2 * PATIENCE_MS }, async () => {
  const { server, page } = await watched("?empty=black&scale=nearest", 400);
  server.publishFrame(plainFrame(1));
  await shows(page, "subject", 1);
  await until(page, () => document.querySelector("canvas")?.dataset.look === "black", null);
  expect(await pixel(page, "subject", 0.5, 0.5)).toEqual(BLACK);
});

test("the last good picture may stay, and the patch goes on changing", { timeout: 2 * PATIENCE_MS }, async () => {
  const { server, page } = await watched("?empty=last&patch=top-right");
  const states = ["ok", "no-reconstruction", "held"] as const;
  for (const [seq, state] of states.entries()) {
    server.publishFrame(plainFrame(seq, { state }));
    await shows(page, "subject", seq);
    expect(await pixel(page, "subject", 0.5, 0.5)).toEqual(colourOf(state === "no-reconstruction" ? seq - 1 : seq));
    expect(await pixel(page, "subject", 0.99, 0.01)).toEqual(seq % 2 === 0 ? [255, 255, 255] : BLACK);
  }
});

test("a token in the address opens the stream and leaves the address bar", { timeout: 2 * PATIENCE_MS }, async () => {
  const { server, url, viewer } = await startGuarded({ viewerDir: VIEWER_DIR, hello: () => helloWith(LONG_MS) });
  const { page, ready } = await openPage(browser, `${url}/subject?patch=top-left#token=${viewer}`);
  await ready;
  server.publishFrame(plainFrame(4));
  await shows(page, "subject", 4);
  expect(page.url()).toBe(`${url}/subject?patch=top-left`);
});

test("the page's link to the subject's screen takes the token along", { timeout: 2 * PATIENCE_MS }, async () => {
  const { server, url, viewer } = await startGuarded({ viewerDir: VIEWER_DIR, hello: () => helloWith(LONG_MS) });
  const { page, ready } = await openPage(browser, `${url}/#token=${viewer}`);
  await ready;
  await page.keyboard.press("?");
  const opened = page.context().waitForEvent("page");
  await page.getByRole("link", { name: "The subject's screen" }).click();
  const subject = await opened;
  await expect.poll(() => server.viewers().viewerTotals.connected, { timeout: PATIENCE_MS }).toBe(2);
  await until(subject, () => document.title === "Phosphene subject: waiting", null);
  server.publishFrame(plainFrame(5));
  await shows(subject, "subject", 5);
});

test("an address that cannot be read is said instead of any picture", { timeout: PATIENCE_MS }, async () => {
  const { url } = await startServer({ viewerDir: VIEWER_DIR });
  const { page } = await openPage(browser, `${url}/subject?patch=left`);
  const words = await page.getByRole("alert").innerText();
  expect(words).toContain('patch: expected top-left | top-right | bottom-left | bottom-right, got "left"');
  expect(await page.locator("canvas").count()).toBe(0);
});
