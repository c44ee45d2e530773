import { inflateSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { Reply } from "zeromq";
import { connectDisplay, type DisplayClient } from "../../adapters/present/client.ts";
import { encodeAnswer, type PresentAnswer, parseRequest } from "../../adapters/present/message.ts";
import { encodePng } from "../../daemon/png.ts";
import { openPresenter } from "../../daemon/present.ts";
import { PhospheneError } from "../../src/errors.ts";

const picture = (value: number) => ({ width: 2, height: 1, image: new Uint8Array(6).fill(value) });
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A display on a free port that answers as it is told; null is silence, after which a REP socket can do no more. */
async function display(answer: (id: string) => PresentAnswer | null) {
  const socket = new Reply({ linger: 0 });
  await socket.bind("tcp://127.0.0.1:*");
  closers.push(() => socket.close());
  void (async () => {
    for await (const frames of socket) {
      const parsed = parseRequest(frames);
      const said = answer(parsed.ok ? parsed.request.id : "");
      if (said === null) return;
      await socket.send(encodeAnswer(said));
    }
  })();
  return socket.lastEndpoint ?? "";
}

/** Connections take their time: tries until it is there. */
async function presentOnceThere(client: DisplayClient, id: string): Promise<unknown> {
  for (;;) {
    const problem = await client.present({ id, ...picture(1) }).then(
      () => null,
      (error: unknown) => error,
    );
    if (problem === null || !String(problem).includes("found none")) return problem;
    await new Promise(setImmediate);
  }
}

function connect(endpoint: string, patienceMs?: number): DisplayClient {
  const client = connectDisplay(endpoint, patienceMs);
  closers.push(() => client.close());
  return client;
}

test("a display accepts, or refuses with a reason", async () => {
  const endpoint = await display((id) =>
    id === "live-0" ? { type: "accepted", id } : { type: "refused", id, reason: "the screen is off" },
  );
  const client = connect(endpoint);
  expect(await presentOnceThere(client, "live-0")).toBeNull();
  const refused = client.present({ id: "live-1", ...picture(2) });
  await expect(refused).rejects.toThrow(/PRESENT_UNAVAILABLE.*refused the picture: the screen is off/);
});

test("a display that says nothing is given up, and at most eight pictures wait for it", async () => {
  const client = connect(await display(() => null), 300);
  const first = presentOnceThere(client, "live-0");
  expect(String(await first)).toMatch(/no answer within 300 ms/);
  const many = await Promise.allSettled(
    Array.from({ length: 9 }, (_, i) => client.present({ id: `live-${i + 1}`, ...picture(i) })),
  );
  expect(many.at(-1)).toMatchObject({ reason: { code: "PRESENT_UNAVAILABLE" } });
  expect(many.map(({ status }) => status)).toEqual(new Array(9).fill("rejected"));
});

test("what waits when the daemon stops is told so", async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const endpoint = await display(() => {
    arrive();
    return null;
  });
  const client = connect(endpoint);
  const waiting = presentOnceThere(client, "live-0");
  await arrived;
  client.close();
  expect(await waiting).toMatchObject({ code: "PRESENT_UNAVAILABLE" });
});

test("the last 64 pictures are kept, and none that was refused", async () => {
  let isThere = true;
  const presenter = openPresenter("tcp://127.0.0.1:1", () => ({
    present: async () => {
      if (!isThere) throw new PhospheneError("PRESENT_UNAVAILABLE", "gone");
    },
    close: () => {},
  }));
  const ids: string[] = [];
  for (let n = 0; n < 65; n++) ids.push(await presenter.submit(picture(n)));
  expect([ids[0], ids[64]]).toEqual(["live-0", "live-64"]);
  expect([presenter.has("live-0"), presenter.has("live-1")]).toEqual([false, true]);
  expect(presenter.png("live-0")).toBeNull();
  expect(presenter.png("live-64")).toEqual(encodePng(2, 1, picture(64).image));
  isThere = false;
  await expect(presenter.submit(picture(9))).rejects.toThrow(/gone/);
  expect(presenter.has("live-65")).toBe(false);
});

test("a PNG holds the picture's rows, each with its filter byte", () => {
  const rgb = Uint8Array.from({ length: 3 * 3 * 2 }, (_, i) => i);
  const png = encodePng(3, 2, rgb);
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  expect([view.getUint32(16), view.getUint32(20)]).toEqual([3, 2]);
  const length = view.getUint32(33);
  expect(png.toString("latin1", 37, 41)).toBe("IDAT");
  const rows = inflateSync(png.subarray(41, 41 + length));
  expect([...rows]).toEqual([0, ...rgb.subarray(0, 9), 0, ...rgb.subarray(9)]);
});
