import { setTimeout as after } from "node:timers/promises";
import { expect, test } from "vitest";
import { startHog } from "../../bench/hog.ts";
import { Running } from "../integration/processes.ts";

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("hogs are busy until they are disposed of", async () => {
  const hog = await startHog(2);
  expect(hog.pids.map(lives)).toEqual([true, true]);
  await hog[Symbol.asyncDispose]();
  expect(hog.pids.map(lives)).toEqual([false, false]);
});

test("a hog ends when the one who started it is killed", async () => {
  await using parent = new Running(["test/faults/hog-parent.ts"]);
  const pid = Number((await parent.saw(/^hog (\d+)$/m))[1]);
  parent.child.kill("SIGKILL");
  await parent.exited();
  // It looks every 20 ms of its own time; a hog that does not end runs into the test's own limit.
  while (lives(pid)) await after(10);
});
