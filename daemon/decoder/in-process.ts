import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AdaptationOptions } from "../../src/decode/adaptation.ts";
import type { Decoded, DecodeRequest } from "../../src/decode/decoder.ts";
import { LinearRunner, linearModel } from "../../src/decode/linear.ts";
import type { LinearManifest } from "../../src/decode/manifest.ts";
import { planesOf, type Rgb } from "../../src/decode/planes.ts";
import { Projection } from "../../src/decode/projection.ts";
import { expected, PhospheneError } from "../../src/errors.ts";
import { monotonicMs } from "../monotonic.ts";
import type { AdaptationState, AdaptiveHost, DecoderInfo, DecoderState } from "./host.ts";
import { type LinearDecoder, linearDecoder } from "./linear.ts";
import { checkLinearGolden } from "./linear-golden.ts";
import { pace } from "./pace.ts";
import { readTargets, type Targets } from "./targets.ts";

export interface InProcessOptions {
  readonly dir: string;
  readonly manifest: LinearManifest;
  /** What the configuration asks for; only null suits a bundle without guidance. */
  readonly guidance: number | null;
  readonly adapt?: AdaptationOptions;
  /** Another decoder is at work meanwhile, and is not to be held up while this one loads. */
  readonly beside?: boolean;
  readonly onState: (state: DecoderState, detail: string) => void;
  readonly onProgress?: (message: string) => void;
}

const WHERE = {
  provider: "in-process",
  runner: "matrices",
  precision: "fp32",
  reason: "a linear bundle has no graphs: its matrices are multiplied in the daemon's own process",
} as const;
/** Runs before it is ready: enough for the loops to be compiled, which takes some tens. */
const WARM_UP_RUNS = 150;
/** The last of them, whose median is the cost. */
const MEASURED_RUNS = 50;

/** Runs a linear decoder in the daemon's own process. It is ready once and stays so: there is nothing that could end without the daemon. */
export class InProcessHost implements AdaptiveHost {
  readonly #options: InProcessOptions;
  readonly restarts = 0;
  readonly pid = null;
  #decoder: LinearDecoder | null = null;
  #targets: Targets | null = null;
  #projection: Projection | null = null;
  #state: DecoderState = "starting";
  #info: DecoderInfo | null = null;

  constructor(options: InProcessOptions) {
    this.#options = options;
  }

  get state(): DecoderState {
    return this.#state;
  }
  get info(): DecoderInfo | null {
    return this.#info;
  }

  /** Rejects with BUNDLE_GOLDEN_MISMATCH, or PARAMETER_INVALID where a guidance weight is asked for. */
  async start(): Promise<DecoderInfo> {
    try {
      const info = await this.#load();
      this.#info = info;
      this.#setState("ready", `${info.kind}, ${info.provider}`);
      return info;
    } catch (error) {
      this.#setState("failed", String(error));
      throw error;
    }
  }

  decode(request: DecodeRequest): Promise<Decoded> {
    if (this.#decoder === null)
      return Promise.reject(new PhospheneError("DECODER_UNAVAILABLE", `the decoder is ${this.#state}`));
    if (request.reset === true) this.#decoder.reset();
    return this.#decoder.decode(request);
  }

  get adaptation(): AdaptationState {
    const { on = false, updates = 0, skipped = 0 } = this.#decoder?.adaptation ?? {};
    const possible = this.#decoder !== null;
    return { possible, on, updates, skipped, why: possible ? null : `the decoder is ${this.#state}` };
  }

  adapt(on: boolean): void {
    this.#learner().switch(on);
  }

  resetAdaptation(): void {
    this.#learner().reset();
  }

  /** The work is done in slices of some tenths of a millisecond, between which the loop turns: a window waits for one of them at most. */
  teach(values: Float32Array, target: Float32Array): boolean {
    const adaptation = this.#learner();
    if (!adaptation.teach(values, target)) return false;
    const work = () => {
      if (adaptation.work()) setImmediate(work);
    };
    setImmediate(work);
    return true;
  }

  targetOf(id: string): { readonly sha256: string; readonly latents: Float32Array } | null {
    return this.#targets?.stimuli.get(id) ?? null;
  }

  project(picture: Rgb): Float32Array {
    const { height, width } = this.#options.manifest.image;
    if (this.#projection === null) throw new PhospheneError("DECODER_UNAVAILABLE", `the decoder is ${this.#state}`);
    return this.#projection.of(planesOf(picture, width, height));
  }

  #learner(): LinearDecoder["adaptation"] {
    if (this.#decoder !== null) return this.#decoder.adaptation;
    throw new PhospheneError("DECODER_UNAVAILABLE", `the decoder is ${this.#state}`);
  }

  async close(): Promise<void> {
    await this.#decoder?.dispose();
    this.#decoder = null;
  }

  async #load(): Promise<DecoderInfo> {
    const { dir, manifest, guidance, onProgress } = this.#options;
    if (guidance !== null)
      throw new PhospheneError(
        "PARAMETER_INVALID",
        expected("decode.guidance", "null: the bundle has no guidance", guidance),
      );
    const turn = pace(this.#options.beside ?? false);
    onProgress?.("reproducing the golden outputs");
    const model = linearModel(manifest, await readFile(join(dir, manifest.files.matrices.path)));
    await turn();
    const runner = new LinearRunner(model);
    await turn();
    const goldenDifference = await checkLinearGolden(dir, manifest, runner);
    onProgress?.("warming up");
    await turn();
    const decoder = linearDecoder(model, manifest, this.#options.adapt);
    await turn();
    const costMs = { "1": await warmUp(decoder, manifest, turn) };
    this.#targets = await readTargets(dir, manifest);
    this.#projection = new Projection(model.picture, this.#targets.residue);
    while (this.#projection.prepare()) await turn();
    this.#decoder = decoder;
    const { kind, solver, steps } = decoder;
    return { kind, solver, ...WHERE, steps, guidance: null, costMs, goldenDifference };
  }

  #setState(state: DecoderState, detail: string): void {
    this.#state = state;
    this.#options.onState(state, detail);
  }
}

/** Median ms of a window once the loops are compiled. */
async function warmUp(
  decoder: LinearDecoder,
  { bins, units, latents }: LinearManifest,
  turn: () => Promise<void>,
): Promise<number> {
  const values = new Float32Array(bins.window * units.count);
  const steering = latents.groups.map(() => 0);
  const costs: number[] = [];
  for (let i = 0; i < WARM_UP_RUNS; i++) {
    const startMs = monotonicMs();
    await decoder.decode({ values, steps: 1, steering });
    costs.push(monotonicMs() - startMs);
    await turn();
  }
  return costs.slice(-MEASURED_RUNS).sort((a, b) => a - b)[MEASURED_RUNS >> 1]!;
}
