import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import type { StatusBody } from "../../src/protocol/messages.ts";
import { killGroup, spawnChild } from "../leftovers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const TINY = join(root, "test/fixtures/tiny-bundle");
/** Of kind linear, with the units of TINY: its rig drives both. */
export const TINY_LINEAR = join(root, "test/fixtures/tiny-linear");
/** Of kind direct, with the units of TINY. */
export const TINY_DIRECT = join(root, "test/fixtures/tiny-direct");
/** Of kind latent-diffusion, with voxels for units and volumes of 40 ms; its session is of kind bold. */
export const TINY_LATENT_DIFFUSION = join(root, "test/fixtures/tiny-latent-diffusion");
/** Of kind guided, with the graphs of the exact way. */
export const TINY_GUIDED = join(root, "test/fixtures/tiny-guided");
/** Of kind optimise, with the units of TINY; and one with a diffusion prior. */
export const TINY_OPTIMISE = join(root, "test/fixtures/tiny-optimise");
export const TINY_OPTIMISE_PRIOR = join(root, "test/fixtures/tiny-optimise-prior");

/** A child process whose output can be waited for. Output is kept, so a line that came before the wait is found too. */
export class Running {
  readonly child: ChildProcess;
  output = "";
  readonly #exit: Promise<number | NodeJS.Signals>;
  #onOutput: () => void = () => {};

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawnChild(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        this.#onOutput();
      });
    this.#exit = new Promise((resolve) => this.child.once("close", (code, signal) => resolve(code ?? signal!)));
    this.#exit.then(() => this.#onOutput());
  }

  /** Resolves with the first match in the output; rejects with the whole output when the process ends without it. */
  async saw(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      const ended = this.child.exitCode !== null || this.child.signalCode !== null;
      if (ended) throw new Error(`ended without ${pattern}:\n${this.output}`);
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve;
      });
    }
  }

  exited(): Promise<number | NodeJS.Signals> {
    return this.#exit;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.child.kill(signal);
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killGroup(this.child);
    await this.#exit;
  }
}

/** A port p such that p and p + 1 are free now. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const first = createServer().listen(0, "127.0.0.1");
    await once(first, "listening");
    const address = first.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const second = createServer().listen(port + 1, "127.0.0.1");
    const free = await Promise.race([
      once(second, "listening").then(() => true),
      once(second, "error").then(() => false),
    ]);
    first.close();
    second.close();
    await once(first, "close");
    if (free) return port;
  }
}

/** `phosphene rig` on the given port; resolves when it publishes. */
export async function startRig(port: number, ...args: string[]): Promise<Running> {
  const rig = new Running([
    "daemon/main.ts",
    "rig",
    "--port",
    String(port),
    "--session",
    join(TINY, "session"),
    ...args,
  ]);
  await rig.saw(/rig: publishing/);
  return rig;
}

export interface RunningDaemon extends AsyncDisposable {
  readonly process: Running;
  readonly url: string;
  readonly streamUrl: string;
  status(): Promise<StatusBody>;
}

/** `phosphene run` on a free port with a configuration and an environment of its own; resolves when it serves. */
export async function startDaemon(
  rigPort: number,
  overrides: Record<string, unknown> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<RunningDaemon> {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify({ ...daemonConfig(rigPort), ...overrides }));
  const running = new Running(["daemon/main.ts", "run", "--config", file], env);
  const [, url] = await running.saw(/watching at (\S+)/);
  return {
    process: running,
    url: url!,
    streamUrl: `${url!.replace("http", "ws")}/v1/stream`,
    status: async () => (await fetch(`${url}/status`)).json() as Promise<StatusBody>,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A configuration for tests: the tiny bundle, a free port, the rig at `rigPort`. */
export function daemonConfig(rigPort: number): Record<string, unknown> {
  return {
    source: { options: { endpoint: `tcp://127.0.0.1:${rigPort}` } },
    bundle: TINY,
    stimuli: join(TINY, "session"),
    server: { port: 0 },
  };
}
