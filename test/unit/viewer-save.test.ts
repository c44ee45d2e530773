import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { crc32 } from "../../clients/viewer/save/crc32.ts";
import { encodePng } from "../../clients/viewer/save/png.ts";
import { KEYWORD, pngOf } from "../../clients/viewer/save/save.ts";
import { encodeServer } from "../../src/protocol/encode.ts";
import { SERVER } from "../golden/protocol-messages.ts";
import { readPng } from "../png.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

test("CRC-32 of the check value and of the end of every PNG", () => {
  expect(crc32(ascii("123456789"))).toBe(0xcbf43926);
  expect(crc32(ascii("12345"), ascii("6789"))).toBe(0xcbf43926);
  expect(crc32(ascii("IEND"))).toBe(0xae426082);
});

test("a PNG has these bytes", async () => {
  const png = await encodePng({ width: 1, height: 1, rgb: Uint8Array.of(255, 0, 7) }, { Title: "µ" });
  const hex = Buffer.from(png).toString("hex");
  // Signature, IHDR of a 1 x 1 picture with its well-known CRC.
  expect(hex.slice(0, 66)).toBe("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de");
  expect(hex).toContain(Buffer.from("iTXtTitle\0\0\0\0\0µ").toString("hex"));
  expect(hex.slice(-24)).toBe("0000000049454e44ae426082");
  const at = Buffer.from(png).indexOf("IDAT");
  expect([...inflateSync(png.subarray(at + 4))]).toEqual([0, 255, 0, 7]);
});

test("pixels and a picture's size must agree, and a keyword must be one", async () => {
  await expect(encodePng({ width: 2, height: 1, rgb: new Uint8Array(3) }, {})).rejects.toThrow("got 3 bytes");
  const rgb = new Uint8Array(3);
  await expect(encodePng({ width: 1, height: 1, rgb }, { "a b": "" })).rejects.toThrow('got "a b"');
});

test("a saved picture has the pixels of the frame and its whole lineage", async () => {
  const image = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => (i * 37) % 256);
  const frame = { ...SERVER.frame, state: "late" as const, width: 2, height: 3, image, explained: Number.NaN };
  const saved = await pngOf(encodeServer("frame", frame), { ...SERVER.hello, session: "3f2a/03/é" });
  if (!saved.ok) throw new Error(saved.problem);
  expect(saved.name).toBe("phosphene-3f2a-03--000041-late.png");
  const { width, height, rgb, texts } = readPng(saved.png);
  expect([width, height, rgb]).toEqual([2, 3, image]);
  const lineage = JSON.parse(texts[KEYWORD]!);
  expect(lineage).toMatchObject({
    session: "3f2a/03/é",
    bundle: { digest: SERVER.hello.bundle.digest },
    frame: {
      ...{ seq: 41, state: "late", bins: [96, 100], bits: [1.5, 0.0625], explained: null, solver: frame.solver },
      ...{ seed: frame.seed, steering: frame.steering, guidance: frame.guidance, sourceS: frame.sourceS },
      ...{ stamps: frame.stamps, clock: frame.clock, mu: [0.5, -1.25, Math.fround(3e-7), 2] },
    },
  });
  const written: string[] = Object.keys(lineage.frame);
  const expected = Object.keys(SERVER.frame).filter((key) => key !== "image");
  expect(written.sort()).toEqual(expected.sort());
});

test("where nothing was reconstructed there is no picture to save", async () => {
  const frame = { ...SERVER.frame, state: "no-reconstruction" as const };
  const saved = await pngOf(encodeServer("frame", frame), SERVER.hello);
  expect(saved).toEqual({ ok: false, problem: "frame 41 has no reconstruction: there is no picture to save" });
});
