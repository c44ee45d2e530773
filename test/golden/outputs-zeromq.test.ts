import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventMessage, frameMessage, latentsMessage, type Parts } from "../../src/outputs/zeromq-format.ts";
import { SERVER } from "./protocol-messages.ts";

const HERE = join(import.meta.dirname, "outputs");
const folder = mkdtempSync(join(tmpdir(), "phosphene-golden-"));
afterAll(() => rmSync(folder, { recursive: true }));

const session = SERVER.hello.session;
const MESSAGES: Record<string, Parts> = {
  latents: latentsMessage(SERVER.frame, { n: 7, session }),
  "frame-picture": frameMessage(SERVER.frame, { n: 8, session }, true),
  frame: frameMessage(
    { ...SERVER.frame, state: "held", held: { seq: 40, bin: 102, ageMs: 61.5 }, sourceS: [Number.NaN, Number.NaN] },
    { n: 9, session },
    false,
  ),
  event: eventMessage(SERVER.event, { n: 0, session }),
};

/** The parts of a message one after another, each behind its length (uint32, little-endian): how the golden files keep them. */
function framed(parts: Parts): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

// PHOSPHENE_UPDATE=1 writes them anew, after a change of the format.
const update = process.env.PHOSPHENE_UPDATE !== undefined;

test.each(Object.keys(MESSAGES))("%s: the bytes of the golden file", (name) => {
  const path = join(HERE, `${name}.bin`);
  const bytes = framed(MESSAGES[name]!);
  if (update) writeFileSync(path, bytes);
  expect(readFileSync(path).equals(bytes), `${name} has other bytes than ${path}`).toBe(true);
});

test("numbers, shapes and bytes are the frame's", () => {
  const [topic, header, payload] = MESSAGES.latents!;
  expect(topic).toBe("latents");
  expect(JSON.parse(header)).toMatchObject({
    ...{ format: 1, n: 7, session, dtype: "<f4", shape: [2, 4], seq: 41, closedMs: 2020.5, bits: [1.5, 0.0625] },
    readouts: { position: [-3.5] },
  });
  expect([...payload]).toEqual([...SERVER.frame.mu, ...SERVER.frame.logvar]);
  expect(JSON.parse(MESSAGES.frame![1])).toMatchObject({ shape: [0], sourceS: [null, null], closedMs: 2020.5 });
  expect([...MESSAGES["frame-picture"]![2]]).toEqual([...SERVER.frame.image]);
});

test("a decoder without a posterior sends the mean alone, one without latents nothing", () => {
  const none = new Uint8Array();
  const bare = { ...SERVER.frame, logvar: none, bits: [], explained: null };
  const [, header, payload] = latentsMessage(bare, { n: 0, session });
  expect(JSON.parse(header)).toMatchObject({ shape: [1, 4], bits: [], explained: null });
  expect([...payload]).toEqual([...SERVER.frame.mu]);
  expect(JSON.parse(latentsMessage({ ...bare, mu: none }, { n: 0, session })[1])).toMatchObject({ shape: [1, 0] });
});

/** The reader of docs/outputs.md, as it stands there. */
function readerOfTheDocument(): string {
  const document = readFileSync(new URL("../../docs/outputs.md", import.meta.url), "utf8");
  return /```python\n(import json[\s\S]*?)```/.exec(document)![1]!;
}

test("the reader of docs/outputs.md has ten lines and reads the golden bytes", () => {
  const reader = readerOfTheDocument();
  expect(reader.trim().split("\n").length).toBeLessThanOrEqual(10);
  // A ZeroMQ that hands out the golden files: pyzmq is not on every machine, the way from bytes to numbers is what is tested here.
  const zmq = `
import struct, sys
SUB, SUBSCRIBE, RCVHWM = 2, 6, 24
def parts(path):
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        (n,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + n]
        at += 4 + n
class Context:
    def socket(self, kind): return self
    def setsockopt(self, *_): pass
    def connect(self, endpoint): self.paths = iter(sys.argv[1:])
    def recv_multipart(self):
        path = next(self.paths, None)
        if path is None: sys.exit(0)
        return list(parts(path))
`;
  writeFileSync(join(folder, "zmq.py"), zmq);
  writeFileSync(join(folder, "reader.py"), reader);
  const paths = ["latents", "event"].map((name) => join(HERE, `${name}.bin`));
  const output = execFileSync("python3", [join(folder, "reader.py"), ...paths], { encoding: "utf8" });
  const lines = output.trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain("latents 41 [0.5, -1.25,");
  expect(lines[1]).toContain("event stimulus apple-3");
});
