import { expect, test } from "vitest";
import { Running } from "../integration/processes.ts";

const GRANDPARENT = `
  const { spawn } = require("node:child_process");
  spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('grandchild')"], { stdio: "inherit" });
  setInterval(() => {}, 1000);
`;

test("what a process of the tests started is gone with it", async () => {
  const running = new Running(["-e", GRANDPARENT]);
  await running.saw(/grandchild/);
  await running[Symbol.asyncDispose]();
  // Resolves when nobody holds the pipes of its output any more: a grandchild that lives on would.
  expect(await running.exited()).toBe("SIGKILL");
});
