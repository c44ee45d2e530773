import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backoffMs, LONGEST_MS } from "../../clients/ts/backoff.ts";
import { ServerClock } from "../../clients/ts/clock.ts";
import { CLIENT_ERRORS, readMessage } from "../../clients/ts/index.ts";
import { encodeClient } from "../../src/protocol/encode.ts";

const FOLDER = join(import.meta.dirname, "../golden/protocol");
const names = (prefix: string) =>
  readdirSync(FOLDER).flatMap((file) => (file.startsWith(prefix) && file.endsWith(".bin") ? [file.slice(0, -4)] : []));
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(FOLDER, `${name}.bin`)));
const jsonOf = (name: string, revive?: (key: string, value: unknown) => unknown) =>
  JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"), revive);

/** The typed arrays of the client as the golden files have bytes. */
const toJson = (value: object) =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      ArrayBuffer.isView(each)
        ? { $bin: Buffer.from(each.buffer, each.byteOffset, each.byteLength).toString("base64") }
        : each,
    ),
  );
const fromBin = (_: string, value: unknown) =>
  typeof value === "object" && value !== null && "$bin" in value && typeof value.$bin === "string"
    ? new Uint8Array(Buffer.from(value.$bin, "base64"))
    : value;

describe("golden pairs", () => {
  test("there are all of them", () => {
    expect(names("server-").length + names("client-").length).toBe(readdirSync(FOLDER).length / 2);
  });

  test.each(names("server-"))("%s: what is handed on is what the daemon said", (name) => {
    const { type, ...body } = jsonOf(name);
    const message = readMessage(bytesOf(name));
    expect(message?.type).toBe(type);
    expect(toJson(message!.body)).toEqual(body);
  });

  test.each(names("client-"))("%s: what is sent is what the daemon expects", (name) => {
    const { type, ...body } = jsonOf(name, fromBin);
    expect(Buffer.from(encodeClient(type, body)).equals(bytesOf(name))).toBe(true);
  });

  test("what is none of them is null", () => {
    expect(readMessage(Uint8Array.of(1, 2, 3))).toBeNull();
    expect(readMessage(bytesOf("client-steer"))).toBeNull();
  });
});

describe("the daemon's clock", () => {
  test("is read one way first, then by the shortest round trip among the last twelve", () => {
    const clock = new ServerClock();
    expect(clock.best).toBeNull();
    clock.restart(1000, 50);
    expect(clock.best).toEqual({ offsetMs: -950, rttMs: Number.POSITIVE_INFINITY });
    clock.add(1000, 1010, 65);
    clock.add(1020, 1022, 81);
    clock.add(1040, 1060, 200);
    expect(clock.best).toEqual({ offsetMs: -940, rttMs: 2 });
    for (let i = 0; i < 12; i++) clock.add(2000, 2004, 1000);
    expect(clock.best).toEqual({ offsetMs: -1002, rttMs: 4 });
  });
});

test("reconnection waits twice as long each time, within a quarter, and never beyond the longest", () => {
  expect([0, 1, 2].map((attempt) => backoffMs(attempt, 0.5))).toEqual([250, 500, 1000]);
  expect([backoffMs(0, 0), backoffMs(0, 1)]).toEqual([187.5, 312.5]);
  for (const attempt of [4, 10, 1000]) expect(backoffMs(attempt, 0.99)).toBe(LONGEST_MS);
});

test("docs/clients.md lists the codes of this side, and no others", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/clients.md"), "utf8");
  const listed = [...text.matchAll(/^\| `(CLIENT_\w+)` \|/gm)].map(([, code]) => code);
  expect(listed.sort()).toEqual(Object.keys(CLIENT_ERRORS).sort());
});
