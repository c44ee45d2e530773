import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import type * as Phosphene from "../../clients/ts/index.ts";
import { COMMANDS, makeFrame, startServer } from "../integration/server-harness.ts";
import { launchChromium } from "./chromium.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
}, 60_000);
afterAll(() => browser?.close());

/** The client and all that it needs, as one script that sets the global `phosphene`. */
async function script(): Promise<string> {
  const entry = join(import.meta.dirname, "../../clients/ts/index.ts");
  const lib = { entry, formats: ["iife" as const], name: "phosphene" };
  const built = await build({ configFile: false, logLevel: "silent", build: { lib, write: false, target: "es2022" } });
  const [first] = Array.isArray(built) ? built : [];
  const chunk = first?.output[0];
  if (chunk?.type !== "chunk") throw new Error("vite made no script");
  return chunk.code;
}

test("the TypeScript client works in a browser", { timeout: 60_000 }, async () => {
  const event = () => {
    // The subscription has been read: this frame arrives.
    server.publishFrame(makeFrame(5));
    return { n: 3, atMs: 77 };
  };
  const { server, url } = await startServer({ commands: { ...COMMANDS, event } });
  // The daemon's page forbids foreign scripts; a lab's own page does not. The origin is the daemon's, as it asks for.
  const page = await browser.newPage({ bypassCSP: true });
  await page.goto(`${url}/healthz`);
  await page.addScriptTag({ content: await script() });
  const result = await page.evaluate(async (to) => {
    const { connect } = (globalThis as unknown as { phosphene: typeof Phosphene }).phosphene;
    const client = connect(to);
    const frame = client.next("frame");
    await client.opened();
    const noted = await client.event("subscribed");
    const { seq, mu, image } = await frame;
    const refused = await client.steer({ gamma: { nothing: 1 } }).catch((error: { code: string }) => error.code);
    client.close();
    return { seq, mu: [...mu], bytes: image.length, noted, refused, knows: Number.isFinite(client.clock?.rttMs) };
  }, url);
  expect(result).toEqual({
    ...{ seq: 5, mu: [0.5, -1.25, Math.fround(3e-7), 2], bytes: 12_288 },
    ...{ noted: { n: 3, atMs: 77 }, refused: "CLIENT_PARAMETER", knows: true },
  });
});
