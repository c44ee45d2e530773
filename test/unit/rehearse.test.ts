import { expect, test } from "vitest";
import { readBundle } from "../../daemon/bundle.ts";
import { rehearse } from "../../daemon/rehearse.ts";
import { TINY } from "../integration/processes.ts";

test("frames of zeros go the whole way to bytes, each with a picture of the bundle's size", async () => {
  const { manifest } = await readBundle(TINY);
  const info = {
    ...{ kind: "diffusion", solver: "ddim", provider: "cpu", runner: "plain", precision: "fp32", reason: "" },
    ...{ steps: [1, 2, 4], guidance: null, costMs: { "1": 1, "2": 2, "4": 4 }, goldenDifference: 0 },
  };
  let clockMs = 0;
  const bytes = await rehearse(manifest, info, () => clockMs++);
  const { height, width, channels } = manifest.image;
  expect(bytes).toBeGreaterThan(400 * height * width * channels);
});
