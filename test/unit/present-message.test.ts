import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeAnswer, encodeRequest, parseAnswer, parseRequest } from "../../adapters/present/message.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const frames = (header: object, image: Uint8Array) => [bytes(JSON.stringify(header)), image];
const good = { type: "present", version: 1, id: "live-3", width: 2, height: 1 };

test("what is written is read", () => {
  const request = { id: "live-3", width: 2, height: 1, image: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const [header, image] = encodeRequest(request);
  expect(JSON.parse(header)).toEqual(good);
  expect(parseRequest([bytes(header), image])).toEqual({ ok: true, request });
  for (const answer of [
    { type: "accepted", id: "live-3" },
    { type: "refused", id: null, reason: "why" },
  ] as const)
    expect(parseAnswer(bytes(encodeAnswer(answer)))).toEqual(answer);
});

test.each([
  ["one frame", [bytes("{}")], null, /a header and a picture/],
  ["no JSON", [bytes("{"), new Uint8Array(6)], null, /header/],
  ["another version", frames({ ...good, version: 2 }, new Uint8Array(6)), "live-3", /header.*version/],
  ["too wide", frames({ ...good, width: 129 }, new Uint8Array(6)), "live-3", /header.*width/],
  ["an id with a slash", frames({ ...good, id: "../x" }, new Uint8Array(6)), null, /header.*id/],
  ["too few bytes", frames(good, new Uint8Array(5)), "live-3", /expected 6 bytes, got 5/],
  ["too many bytes", frames(good, new Uint8Array(7)), "live-3", /expected 6 bytes, got 7/],
  ["a long header", frames({ ...good, more: "x".repeat(2_000) }, new Uint8Array(6)), null, /header/],
] as const)("%s is refused with a sentence", (_, message, id, problem) => {
  const parsed = parseRequest([...message]);
  expect(parsed).toMatchObject({ ok: false, id });
  expect(parsed.ok ? "" : parsed.problem).toMatch(problem);
});

test("no bytes make it throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 4 }), (message) => {
      expect(parseRequest(message).ok).toBe(false);
      for (const frame of message) expect(parseAnswer(frame)).toBeNull();
    }),
  );
});
