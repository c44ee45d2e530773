import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";

/** Where a figure was taken. */
export interface MachineInfo {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Frequency governor of the first core; null where it cannot be read, as on most virtual machines. */
  readonly governor: string | null;
  /** Name and driver of the GPU; null without one. */
  readonly gpu: string | null;
  /** How the kernel schedules this process and what it starts: "other", "fifo 1". */
  readonly scheduling: string;
  /** Load average of the last minute. */
  readonly load: number;
}

export function describeMachine(): MachineInfo {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release().split("-")[0]}`,
    node: process.version,
    governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
    gpu: gpu(),
    scheduling: scheduling(),
    load: loadavg()[0] ?? Number.NaN,
  };
}

/** The machine in words, as every figure is reported with. */
export function machine(info = describeMachine()): string {
  const { cores, cpu, memoryGiB, gpu, kernel, node, governor, scheduling } = info;
  const rest = [governor && `governor ${governor}`, scheduling !== "other" && `scheduled as ${scheduling}`];
  return [`${cores} cores (${cpu})`, `${memoryGiB} GiB`, gpu, kernel, `Node ${node}`, ...rest]
    .filter(Boolean)
    .join(", ");
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

function gpu(): string | null {
  if (!existsSync("/dev/nvidiactl")) return null;
  const driver = /Module\s+([\d.]+)/.exec(read("/proc/driver/nvidia/version") ?? "")?.[1];
  try {
    const args = ["--query-gpu=name,driver_version", "--format=csv,noheader"];
    const said = execFileSync("nvidia-smi", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const [name, version] = said.trim().split("\n")[0]?.split(", ") ?? [];
    return `${name}, driver ${version}`;
  } catch {
    return `NVIDIA, driver ${driver ?? "unknown"}`;
  }
}

/** Fields 40 and 41 of /proc/self/stat: real-time priority and policy (proc(5)). */
function scheduling(): string {
  const fields = (read("/proc/self/stat") ?? "").replace(/^.*\) /, "").split(" ");
  const [priority, policy] = [fields[37], fields[38]];
  const name = { "0": "other", "1": "fifo", "2": "rr", "3": "batch", "5": "idle" }[policy ?? ""] ?? "unknown";
  return name === "fifo" || name === "rr" ? `${name} ${priority}` : name;
}
