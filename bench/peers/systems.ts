import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { seededNoise } from "../../src/decode/noise.ts";
import type { LedgerCounts, StatusBody } from "../../src/protocol/messages.ts";
import { readManifest } from "./bundle.ts";
import type { Transport } from "./client.ts";
import { freePort } from "./free-port.ts";
import { start } from "./program.ts";
import { peersPython, torchEnv, torchPython } from "./python.ts";

export interface Setting {
  readonly bundle: string;
  readonly widthMs: number;
  readonly latenessMs: number;
  readonly spikesPort: number;
  /** Keys of `decode` in the daemon's configuration. */
  readonly decode: Record<string, unknown>;
  /** Steps of the sampler, for diffusion. */
  readonly steps: number;
  readonly device: string;
}

export interface StartedSystem extends AsyncDisposable {
  readonly pid: number;
  readonly transport: Transport;
  readonly address: string;
  /** What the system itself says of the bins that it saw; only ours does. */
  ledger?(): Promise<LedgerCounts>;
}

export interface System {
  readonly about: string;
  readonly kinds: readonly string[];
  /** Undefined where it can run, else why not. */
  missing(): string | undefined;
  /** Resolves when outputs can be subscribed to; a `zeromq` system connects to `address`, which the client binds. */
  start(setting: Setting): Promise<StartedSystem>;
}

const root = join(import.meta.dirname, "../..");
/** Of the noise that every picture of diffusion starts from, the same for all. */
const SEED = 1;
const BOTH = ["linear", "diffusion"];

export const SYSTEMS: Record<string, System> = {
  phosphene: {
    about: "`phosphene run`",
    kinds: BOTH,
    missing: () => undefined,
    start: (setting) => phosphene(setting, {}),
  },
  "phosphene-plain": {
    about: "`phosphene run` with onnxruntime-node's plain binding",
    kinds: ["diffusion"],
    missing: () => undefined,
    start: (setting) => phosphene(setting, { runner: "plain" }),
  },
  ezmsg: {
    about: "ezmsg: four units in one process, WebSocket",
    kinds: ["linear"],
    missing: () => reason(peersPython()),
    start: ezmsg,
  },
  timeflux: {
    about: "Timeflux: one graph that waits for spikes, ZeroMQ",
    kinds: ["linear"],
    missing: () => reason(peersPython()),
    start: (setting) => timeflux(setting, 0, Math.ceil(setting.widthMs)),
  },
  "timeflux-rate": {
    about: "Timeflux: one graph at the rate of the bins, ZeroMQ",
    kinds: ["linear"],
    missing: () => reason(peersPython()),
    start: (setting) => timeflux(setting, 1000 / setting.widthMs, 0),
  },
  torch: {
    about: "asyncio, pyzmq and PyTorch with a CUDA graph, WebSocket",
    kinds: ["diffusion"],
    missing: () => reason(torchPython()),
    start: torch,
  },
};

function reason(python: string | Error): string | undefined {
  return python instanceof Error ? python.message : undefined;
}

const scratchFolders: string[] = [];

/** A file for a system to read, gone when this process ends. */
function scratch(name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  if (scratchFolders.push(folder) === 1)
    process.once("exit", () => scratchFolders.map((each) => rmSync(each, { recursive: true })));
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const endpoint = (port: number) => `tcp://127.0.0.1:${port}`;

async function phosphene(setting: Setting, decode: Record<string, unknown>): Promise<StartedSystem> {
  const config = {
    source: { options: { endpoint: endpoint(setting.spikesPort), heartbeat: false } },
    bundle: setting.bundle,
    stimuli: null,
    // The source's clock alone closes bins, as in the peers: no wall deadline when the rig or a machine without time is late.
    bins: { latenessMs: setting.latenessMs, silenceMs: 5000 },
    decode: { everyBins: 1, seed: SEED, ...setting.decode, ...decode },
    server: { port: 0 },
    log: { level: "warn" },
  };
  const path = scratch("config.yaml", stringify(config));
  const program = start(process.execPath, ["daemon/main.ts", "run", "--config", path], root);
  const [, url] = await program.saw(/watching at http(\S+)/);
  const ledger = async () => ((await (await fetch(`http${url}/status`)).json()) as StatusBody).ledger;
  return { ...program, transport: "phosphene", address: `ws${url}/v1/stream`, ledger };
}

/** Products of this size are quicker by one thread than by several that wait for one another. */
const ONE_THREAD = { OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", PYTHONUNBUFFERED: "1" };

async function ezmsg({ bundle, spikesPort, latenessMs }: Setting): Promise<StartedSystem> {
  const port = await freePort();
  const args = ["ezmsg_pipeline.py", bundle, endpoint(spikesPort), String(port), String(latenessMs)];
  const program = start(peersPython() as string, args, import.meta.dirname, ONE_THREAD);
  await program.saw(/^ready/m);
  return { ...program, transport: "websocket", address: `ws://127.0.0.1:${port}` };
}

async function timeflux(setting: Setting, rate: number, waitMs: number): Promise<StartedSystem> {
  const address = endpoint(await freePort());
  const env = {
    BUNDLE: setting.bundle,
    SPIKES: endpoint(setting.spikesPort),
    OUTPUT: address,
    LATENESS_MS: String(setting.latenessMs),
    RATE: String(rate),
    WAIT_MS: String(waitMs),
    PYTHONPATH: import.meta.dirname,
    ...ONE_THREAD,
  };
  const command = join(dirname(peersPython() as string), "timeflux");
  const program = start(command, ["timeflux.yaml"], import.meta.dirname, env);
  await program.saw(/^ready/m);
  return { ...program, transport: "zeromq", address };
}

async function torch({ bundle, spikesPort, latenessMs, steps, device }: Setting): Promise<StartedSystem> {
  const port = await freePort();
  const { image } = readManifest(bundle);
  const noise = scratch("noise.bin", new Uint8Array(seededNoise(SEED, 3 * image.height * image.width).buffer));
  const args = ["torch_loop.py", bundle, endpoint(spikesPort), String(port), "--lateness", String(latenessMs)];
  const options = ["--steps", String(steps), "--device", device, "--noise", noise];
  const program = start(torchPython() as string, [...args, ...options], import.meta.dirname, torchEnv);
  await program.saw(/^ready/m);
  return { ...program, transport: "websocket", address: `ws://127.0.0.1:${port}` };
}
