import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findUv } from "../../tools/uv.mjs";
import { Running, startDaemon } from "../integration/processes.ts";
import { TestViewer } from "../integration/test-viewer.ts";

const project = fileURLToPath(new URL("../../training", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "phosphene-training-"));
const [nwb, run] = [join(folder, "made.nwb"), join(folder, "run")];
const bundle = join(run, "bundle");
afterAll(() => rmSync(folder, { recursive: true }));

function train(...args: string[]): void {
  execFileSync(findUv(), ["run", "--project", project, "phosphene-train", ...args], { stdio: "pipe" });
}

// The road of docs/training.md: a recording, its data set, a fit, a bundle.
beforeAll(() => {
  const data = join(folder, "synthetic.h5");
  const pictures = ["--images", join(folder, "pictures")];
  train("import", "synthetic", join(folder, "known.h5"), "--sessions", "1", "--nwb", nwb, ...pictures);
  train("import", "nwb", nwb, data, ...pictures, "--labels", "category,pose=x+y+size@px");
  train("fit", join(project, "configs", "smoke.toml"), "--data", data, "--out", run);
}, 600_000);

test("a fitted bundle is what torch computed: fp32 within 1e-4 in the daemon's decoder", async () => {
  await using verify = new Running(["daemon/main.ts", "bundle", "verify", bundle]);
  expect(await verify.exited()).toBe(0);
  const [, difference] = /largest difference (\S+)\)/.exec(verify.output)!;
  expect(Number(difference)).toBeLessThanOrEqual(1e-4);
});

test("the daemon decodes the recording that the bundle was trained from", async () => {
  const source = { name: "made", kind: "recording", options: { path: nwb, loop: true } };
  await using daemon = await startDaemon(0, { source, bundle, stimuli: join(bundle, "session") });
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
  const frame = await viewer.next("frame", (f) => f.state === "ok");
  expect(frame.image.length).toBe(3 * frame.width * frame.height);
  expect(Object.keys(frame.readouts).sort()).toEqual(["category", "pose"]);
  expect(frame.explained).toBeGreaterThan(0);
});
