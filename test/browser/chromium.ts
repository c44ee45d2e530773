import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { parseServerMessage } from "../../src/protocol/parse.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const OFF = ["quic", "background-networking", "component-update", "sync", "gpu"].map((part) => `--disable-${part}`);
const VIEWER = fileURLToPath(new URL("../../clients/viewer", import.meta.url));

export const VIEWER_DIR = `${VIEWER}/dist`;
export const PATIENCE_MS = 60_000;

/** Builds the pages into VIEWER_DIR and starts Debian's Chromium. */
export async function openBrowser(): Promise<Browser> {
  await build({ root: VIEWER, logLevel: "error" });
  return launchChromium();
}

export async function launchChromium(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium (npm test does it)`);
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--no-first-run", ...OFF] });
}

/** Resolves when the page's socket has subscribed: the daemon answers the ping that the page sends after it. */
function subscribed(page: Page): Promise<void> {
  return new Promise((resolve) => {
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        const parsed = parseServerMessage(new Uint8Array(Buffer.from(payload)));
        if (parsed.ok && parsed.message.type === "pong") resolve();
      }),
    );
  });
}

/** Opens an address; collects what its console and its scripts complain about. `ready`: it gets what is published from now on. */
export async function openPage(browser: Browser, url: string, viewport = { width: 1440, height: 900 }) {
  const page = await browser.newPage({ viewport });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  const ready = subscribed(page);
  await page.goto(url);
  return { page, complaints, ready };
}

/** Waits until `check` holds in the page; the page's own animation frames are the clock. */
export async function until<Arg>(page: Page, check: (arg: Arg) => boolean, arg: Arg): Promise<void> {
  await page.waitForFunction(check as (arg: unknown) => boolean, arg, { timeout: PATIENCE_MS });
}

/** Waits until the canvas `id` says that it shows frame `seq`. */
export async function shows(page: Page, id: string, seq: number): Promise<void> {
  const shown = { id, seq: String(seq) };
  await until(page, ({ id, seq }) => document.getElementById(id)?.dataset.seq === seq, shown);
}

/** Red, green and blue of a pixel of a canvas; `x` and `y` from 0 to 1. */
export function pixel(page: Page, id: string, x: number, y: number): Promise<number[]> {
  return page.evaluate(
    ([name, across, down]) => {
      const canvas = document.getElementById(name as string) as HTMLCanvasElement;
      const [left, top] = [canvas.width * Number(across), canvas.height * Number(down)].map(Math.floor);
      return [...canvas.getContext("2d")!.getImageData(left!, top!, 1, 1).data.slice(0, 3)];
    },
    [id, x, y],
  );
}
