import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseClientMessage, parseServerMessage } from "../../src/protocol/parse.ts";
import { makePairs, toJson } from "../golden/protocol-pairs.ts";

const FOLDER = join(import.meta.dirname, "../golden/protocol");
const pairs = makePairs();

describe("golden messages", () => {
  it("has a pair for every message type and nothing else", () => {
    const wanted = pairs.flatMap(({ name }) => [`${name}.bin`, `${name}.json`]).sort();
    expect(readdirSync(FOLDER).sort()).toEqual(wanted);
  });

  it.each(pairs)("$name: encodes to the stored bytes", ({ name, bytes, json }) => {
    expect(readFileSync(join(FOLDER, `${name}.bin`)).equals(bytes)).toBe(true);
    expect(JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"))).toEqual(JSON.parse(json));
  });

  it.each(pairs)("$name: the stored bytes parse to the stored JSON", ({ name }) => {
    const bytes = readFileSync(join(FOLDER, `${name}.bin`));
    const parsed = name.startsWith("server-") ? parseServerMessage(bytes) : parseClientMessage(bytes);
    expect(parsed).toMatchObject({ ok: true });
    const stored: unknown = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
    if (parsed.ok) expect(JSON.parse(toJson(parsed.message))).toEqual(stored);
  });
});
