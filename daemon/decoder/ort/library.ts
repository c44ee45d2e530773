import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The folder of onnxruntime-node's native parts for this machine: libonnxruntime.so.1 lies there, and providers beside it. */
export function ortFolder(): string {
  const root = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  return join(root, "bin", "napi-v6", process.platform, process.arch);
}

/** The library that onnxruntime-node itself loads. */
export function ortLibrary(): string {
  return join(ortFolder(), "libonnxruntime.so.1");
}
