import { readdirSync, readFileSync } from "node:fs";
import { cudaLibraries } from "../decoder/libraries.ts";
import { hasCudaProvider, hasNvidiaDevice, surveyProviders } from "../decoder/survey.ts";
import type { Check } from "./checks.ts";

/** What speaks for and against each GPU provider: nothing is wrong without them. Whether one works shows as the bundle is loaded. */
export function checkGpu(): Check {
  const name = "gpu";
  const { cuda, webgpu } = surveyProviders();
  const seen = [
    `cuda: ${cuda ?? `${gpuName()}, provider library there`}`,
    `webgpu: ${webgpu ?? "a GPU and its loader are there"}`,
  ];
  const detail = seen.join("; ");
  if (cuda === null) {
    const { missing } = cudaLibraries();
    if (missing.length === 0) return { state: "ok", name, detail };
    const mend = `the CUDA provider needs ${missing.join(", ")}: docs/gpu.md says where to get them`;
    return { state: "warn", name, detail, mend };
  }
  if (hasNvidiaDevice() && !hasCudaProvider())
    return { state: "warn", name, detail, mend: "run `npm run setup:cuda`, again after every `npm ci`" };
  return { state: "ok", name, detail: `${detail}; frames are made ${webgpu === null ? "by webgpu" : "on the CPU"}` };
}

/** Model of the first NVIDIA GPU as its driver says it. */
function gpuName(): string {
  const root = "/proc/driver/nvidia/gpus";
  try {
    const text = readFileSync(`${root}/${readdirSync(root)[0]}/information`, "utf8");
    return /^Model:\s*(.+)$/m.exec(text)?.[1] ?? "an NVIDIA GPU";
  } catch {
    return "an NVIDIA GPU";
  }
}
