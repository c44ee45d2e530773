import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { openFileSink } from "../../daemon/recorder/file-sink.ts";
import { metadata, recorderOn } from "../unit/recorder-helpers.ts";
import { daemonConfig, freePortPair, Running, TINY } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "phosphene-bad-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the daemon with a configuration; resolves when it ends. */
async function ending(command: string, config: Record<string, unknown>): Promise<{ code: unknown; output: string }> {
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify(config));
  await using running = new Running(["daemon/main.ts", command, "--config", file]);
  return { code: await running.exited(), output: running.output };
}

const coded = (output: string) => output.split("\n").filter((line) => line.startsWith("["));

test("all mistakes of a configuration with their paths, exit code 2", async () => {
  const { code, output } = await ending("check", {
    source: { options: { endpoint: "not an endpoint", speed: 3 } },
    decode: { budgetMs: 0 },
    bundel: "x",
  });
  expect(code).toBe(2);
  for (const path of [
    "source.options.endpoint",
    "source.options.speed: unknown key",
    "decode.budgetMs",
    "bundel: unknown key",
  ])
    expect(output).toContain(path);
});

test("an effective configuration is printed when it is fine", async () => {
  const { code, output } = await ending("check", { decode: { budgetMs: 30 } });
  expect(code).toBe(0);
  expect(output).toContain("budgetMs: 30");
});

test("a bundle that is not there: one coded line", async () => {
  const { code, output } = await ending("run", { ...daemonConfig(1), bundle: join(folder, "nowhere") });
  expect(code).toBe(1);
  expect(coded(output)).toHaveLength(1);
  expect(output).toContain("[BUNDLE_MISSING]");
});

test("golden outputs that this machine does not reproduce: one coded line", async () => {
  const dir = join(folder, "golden");
  cpSync(TINY, dir, { recursive: true });
  const golden = JSON.parse(readFileSync(join(dir, "golden.json"), "utf8"));
  golden.cases[0].mu = golden.cases[0].logvar;
  const bytes = JSON.stringify(golden);
  writeFileSync(join(dir, "golden.json"), bytes);
  const manifest = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8"));
  Object.assign(manifest.files.golden, {
    bytes: Buffer.byteLength(bytes),
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
  writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifest));
  const { code, output } = await ending("run", { ...daemonConfig(1), bundle: dir });
  expect(code).toBe(1);
  expect(coded(output)).toHaveLength(1);
  expect(output).toMatch(/\[BUNDLE_GOLDEN_MISMATCH\].*mu/);
});

test("a port in use: one coded line", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { code, output } = await ending("run", { ...daemonConfig(1), server: { port } });
  taken.close();
  expect(code).toBe(1);
  expect(coded(output)).toHaveLength(1);
  expect(output).toContain(`[ADDRESS_IN_USE]`);
});

test("counts that can never fill the bundle's bins stop the daemon: one coded line, nobody waits for pictures", async () => {
  const path = join(folder, "counts.mcap");
  const labels = Array.from({ length: 8 }, (_, unit) => `E00${unit + 1}.1`);
  const unitLabels = JSON.stringify(labels);
  const recorder = recorderOn(await openFileSink(path), { path, metadata: { ...metadata, unitLabels } });
  const counts = new Uint16Array(labels.length);
  const block = { kind: "counts", source: "r", seq: 0, times: Float64Array.of(0.03), counts } as const;
  recorder.message({ ...block, intervalS: 0.03, receivedAtMs: 30 });
  await recorder.close();
  const source = { name: "again", kind: "recording", options: { path } };
  const { code, output } = await ending("run", { ...daemonConfig(1), source });
  expect(code).toBe(1);
  expect(coded(output)).toEqual([
    '[SOURCE_MISMATCH] counts of again: expected samples of 20 ms (the width of a bin) or a whole fraction of it, got "samples of 30 ms"',
  ]);
  expect([...output.matchAll(/stopping: (\w+)/g)].map(([, part]) => part)).toEqual(["source", "decoder", "server"]);
});

test("an address beyond this machine is refused", async () => {
  const { code, output } = await ending("run", { ...daemonConfig(1), server: { host: "0.0.0.0", port: 0 } });
  expect(code).toBe(1);
  expect(output).toContain("[ADDRESS_NOT_LOOPBACK]");
});

test("a rig's port in use: one coded line", async () => {
  const port = await freePortPair();
  const args = ["daemon/main.ts", "rig", "--session", join(TINY, "session"), "--port", String(port)];
  await using first = new Running(args);
  await first.saw(/rig: publishing/);
  await using second = new Running(args);
  expect(await second.exited()).toBe(1);
  expect(coded(second.output)).toHaveLength(1);
  expect(second.output).toContain("[ADDRESS_IN_USE]");
});
