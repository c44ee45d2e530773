import { describe, expect, test } from "vitest";
import { surveyProviders } from "../../daemon/decoder/survey.ts";
import { Running } from "./processes.ts";

describe("npm run setup:cuda", () => {
  test.runIf(surveyProviders().cuda !== null)("without a GPU the try says what is missing, and fails", async () => {
    await using running = new Running(["tools/verify-cuda.ts"]);
    expect(await running.exited()).toBe(1);
    expect(running.output).toMatch(/^\[PROVIDER_UNAVAILABLE\] decode\.provider: expected cuda, got "no/m);
    expect(running.output).not.toContain("CUDA works");
  });

  test.runIf(surveyProviders().cuda === null)("with one, the GPU's picture is the CPU's", async () => {
    await using running = new Running(["tools/verify-cuda.ts"]);
    expect(await running.exited()).toBe(0);
    expect(running.output).toMatch(/^CUDA works: bound graphs, fp16/m);
  });

  test.runIf(process.platform !== "linux" || process.arch !== "x64")("elsewhere nothing is brought", async () => {
    await using running = new Running(["tools/setup-cuda.mjs"]);
    expect(await running.exited()).toBe(1);
    expect(running.output).toMatch(/CUDA needs linux-x64/);
  });
});
