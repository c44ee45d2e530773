import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./install.mjs";

/** The uv of this machine, or one of our own that is installed when there is none. */
export function findUv() {
  const own = join(root, "node_modules", ".uv");
  for (const uv of ["uv", join(own, "bin", "uv")]) if (spawnSync(uv, ["--version"]).status === 0) return uv;
  execFileSync("python3", ["-m", "venv", own], { stdio: "inherit" });
  execFileSync(join(own, "bin", "pip"), ["install", "-q", "uv"], { stdio: "inherit" });
  return join(own, "bin", "uv");
}
