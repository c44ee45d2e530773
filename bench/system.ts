import type { StatusBody } from "../src/protocol/messages.ts";
import { freePortPair, Running } from "../test/integration/processes.ts";

export interface System extends AsyncDisposable {
  readonly url: string;
  readonly streamUrl: string;
  /** Of the daemon. */
  readonly pid: number;
  status(): Promise<StatusBody>;
}

/** Rig and daemon as processes of their own, playing and decoding one bundle on free ports. */
export async function startSystem(
  bundle: string,
  daemonArgs: readonly string[] = [],
  rigArgs: readonly string[] = [],
): Promise<System> {
  const { rig, port } = await startRig(["--session", `${bundle}/session`, ...rigArgs]);
  const args = ["--bundle", bundle, "--port", "0", "--source", `tcp://127.0.0.1:${port}`];
  const daemon = await startDaemon([...daemonArgs, ...args]);
  return {
    ...daemon,
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await rig.stop("SIGTERM");
    },
  };
}

/** A port that was free a moment ago may be taken by now: then another one. */
async function startRig(args: readonly string[]): Promise<{ rig: Running; port: number }> {
  for (let tries = 5; ; tries--) {
    const port = await freePortPair();
    const rig = new Running(["daemon/main.ts", "rig", "--port", String(port), ...args]);
    try {
      await rig.saw(/rig: publishing/);
      return { rig, port };
    } catch (error) {
      if (tries === 0 || !rig.output.includes("ADDRESS_IN_USE")) throw error;
    }
  }
}

/** `phosphene run` as a process of its own. */
export async function startDaemon(args: readonly string[]): Promise<System> {
  const daemon = new Running(["daemon/main.ts", "run", ...args]);
  const [, url] = await daemon.saw(/watching at (\S+)/);
  return {
    url: url!,
    streamUrl: `${url!.replace("http", "ws")}/v1/stream`,
    pid: daemon.child.pid!,
    status: async () => (await (await fetch(`${url}/status`)).json()) as StatusBody,
    async [Symbol.asyncDispose]() {
      await daemon.stop("SIGTERM");
    },
  };
}
