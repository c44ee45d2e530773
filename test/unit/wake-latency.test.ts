import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { holdWakeLatency } from "../../daemon/wake-latency.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "phosphene-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test("the kernel is told a 32-bit number of microseconds, and the file stays open until it is given back", () => {
  const device = join(folder(), "latency");
  writeFileSync(device, "");
  const letSleep = holdWakeLatency(20, device);
  expect([...readFileSync(device)]).toEqual([20, 0, 0, 0]);
  letSleep();
});

test("where the system refuses, the error names the key, the file and what to do", () => {
  const device = join(folder(), "none", "latency");
  expect(() => holdWakeLatency(0, device)).toThrow(
    /^\[SYSTEM_REFUSED\] decode\.wakeUs: expected the right to write to .*latency, got ENOENT.*set it to null$/,
  );
});
