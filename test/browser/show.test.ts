import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodePng } from "../../daemon/png.ts";
import { freePortPair, type Running, type RunningDaemon, startDaemon, startRig } from "../integration/processes.ts";
import { openBrowser, openPage, PATIENCE_MS, pixel, until } from "./chromium.ts";

const SIDE = 32;

let browser: Browser;
let rig: Running;
let daemon: RunningDaemon;

beforeAll(async () => {
  browser = await openBrowser();
  const [spikes, display] = [await freePortPair(), await freePortPair()];
  rig = await startRig(spikes, "--interactive", "--present-port", String(display));
  daemon = await startDaemon(spikes, { present: { endpoint: `tcp://127.0.0.1:${display}` } });
}, 2 * PATIENCE_MS);

afterAll(async () => {
  await browser?.close();
  await daemon?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

function png(...colour: [number, number, number]): Buffer {
  return encodePng(
    SIDE,
    SIDE,
    Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => colour[i % 3]!),
  );
}

/** Waits until the rig shows stimulus `id`, and the page its picture. */
const isOn = (page: Page, id: string) =>
  until(
    page,
    (wanted) => {
      const { look, stimulus } = document.getElementById("stimulus")!.dataset;
      return look === "picture" && stimulus === wanted;
    },
    id,
  );

/** As if the file were let go over the page. */
function drop(page: Page, name: string, type: string, bytes: Buffer): Promise<void> {
  return page.evaluate(
    ([file, kind, base64]) => {
      const content = Uint8Array.from(atob(base64!), (character) => character.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content], file!, { type: kind! }));
      window.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [name, type, bytes.toString("base64")],
  );
}

test("a picture from a file, and one that is dropped on the page, is what the simulated cortex sees", {
  timeout: 3 * PATIENCE_MS,
}, async () => {
  const { page, complaints } = await openPage(browser, daemon.url);
  await page.getByRole("tab", { name: "Show" }).click();
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: "red.png", mimeType: "image/png", buffer: png(220, 20, 20) });
  await isOn(page, "live-0");
  const [red = 0, green = 255] = await pixel(page, "stimulus", 0.5, 0.5);
  expect(red).toBeGreaterThan(200);
  expect(green).toBeLessThan(40);
  await page.getByText("live-0: the rig shows it").waitFor();
  await drop(page, "blue.png", "image/png", png(20, 20, 220));
  await isOn(page, "live-1");
  const [, , blue = 0] = await pixel(page, "stimulus", 0.5, 0.5);
  expect(blue).toBeGreaterThan(200);
  await drop(page, "words.txt", "text/plain", Buffer.from("no picture"));
  await page.getByText("this file is no picture").waitFor();
  // The one complaint of Chromium is that this test reads the stimulus back twice.
  expect(complaints.filter((text) => !text.startsWith("Canvas2D: Multiple readback"))).toEqual([]);
  await page.close();
});
