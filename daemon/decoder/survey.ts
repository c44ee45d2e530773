import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { librariesNamed } from "./libraries.ts";
import { ortFolder } from "./ort/library.ts";
import type { Survey } from "./providers.ts";

/** Device files of GPUs: NVIDIA's, those of the kernel's graphics drivers, WSL's. */
const NVIDIA_DEVICES = ["/dev/nvidiactl", "/dev/dxg"];
const CUDA_PROVIDER = "libonnxruntime_providers_cuda.so";

/** What can be seen without loading anything: files and devices. What it lets pass may still fail as it loads. */
export function surveyProviders(): Survey {
  return { cuda: againstCuda(), webgpu: againstWebgpu(), cpu: null };
}

export function hasCudaProvider(): boolean {
  return existsSync(join(ortFolder(), CUDA_PROVIDER));
}

export function hasNvidiaDevice(): boolean {
  return NVIDIA_DEVICES.some((path) => existsSync(path));
}

function againstCuda(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") return `not made for ${process.platform}-${process.arch}`;
  const missing = [
    ...(hasNvidiaDevice() ? [] : ["no NVIDIA device or driver"]),
    ...(hasCudaProvider() ? [] : [`no ${CUDA_PROVIDER}: run \`npm run setup:cuda\``]),
  ];
  return missing.length === 0 ? null : missing.join(", ");
}

/** On Linux it needs the Vulkan loader and a device that is a GPU: a Vulkan of software is slower than the CPU provider. */
function againstWebgpu(): string | null {
  if (process.platform !== "linux") return null;
  const missing = [
    ...(hasNvidiaDevice() || hasRenderNode() ? [] : ["no GPU"]),
    ...(librariesNamed(["libvulkan.so.1"]).missing.length === 0 ? [] : ["no libvulkan.so.1: install libvulkan1"]),
  ];
  return missing.length === 0 ? null : missing.join(", ");
}

function hasRenderNode(): boolean {
  try {
    return readdirSync("/dev/dri").some((file) => file.startsWith("renderD"));
  } catch {
    return false;
  }
}
