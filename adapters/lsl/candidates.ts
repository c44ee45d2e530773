import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A place where liblsl may be, and why it is looked for there. */
export interface Candidate {
  readonly path: string;
  readonly why: "option library" | "LSL_LIB" | "system" | "npm package lsl.js";
}

export const HOW_TO_INSTALL = [
  "To install it: get liblsl for this system from https://github.com/sccn/liblsl/releases (or `conda install -c conda-forge liblsl`,",
  "`brew install labstreaminglayer/tap/lsl`), or run `npm ci` again, which brings a copy for x64 and Macs. Then, unless it is where the system",
  "looks for libraries, give its path in `library` or in the environment variable LSL_LIB.",
].join("\n");

/** Names under which the dynamic linker may know it. */
const SYSTEM: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ["liblsl.so", "liblsl.so.2", "liblsl.so.1", "liblsl64.so"],
  darwin: [
    "liblsl.dylib",
    "/opt/homebrew/lib/liblsl.dylib",
    "/usr/local/lib/liblsl.dylib",
    "/opt/homebrew/Frameworks/lsl.framework/lsl",
  ],
  win32: ["lsl.dll", "liblsl64.dll"],
};

/** What the package lsl.js carries, by platform and architecture. */
const PREBUILT: Readonly<Record<string, string>> = {
  "linux-x64": "liblsl64.so",
  "linux-ia32": "liblsl32.so",
  "darwin-arm64": "liblslarm.dylib",
  "darwin-x64": "liblsl64.dylib",
  "win32-x64": "liblsl64.dll",
  "win32-ia32": "liblsl32.dll",
};

/** Where to look for liblsl, in order: what the configuration says, LSL_LIB, the system's, the copy in node_modules. */
export function candidates(
  library: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
  system: { platform: NodeJS.Platform; arch: string } = process,
): Candidate[] {
  const list: Candidate[] = [];
  if (library !== undefined) list.push({ path: library, why: "option library" });
  if (env.LSL_LIB) list.push({ path: env.LSL_LIB, why: "LSL_LIB" });
  for (const path of SYSTEM[system.platform] ?? []) list.push({ path, why: "system" });
  const prebuilt = PREBUILT[`${system.platform}-${system.arch}`];
  const folder = packageFolder();
  if (prebuilt && folder) list.push({ path: join(folder, "prebuilt", prebuilt), why: "npm package lsl.js" });
  return list;
}

function packageFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve("lsl.js/package.json"));
  } catch {
    return undefined;
  }
}
