import type { Decoder } from "../../src/decode/decoder.ts";
import { expected, PhospheneError } from "../../src/errors.ts";
import { monotonicMs } from "../monotonic.ts";

/** One injected fault; windows are counted from 1 in each decoder process, warm-up not counted. */
export type Fault =
  /** Every n-th window takes `ms` longer, as if the model had stalled. */
  | { readonly kind: "slow"; readonly ms: number; readonly every: number }
  /** The n-th window is never answered, it ends the process, or it runs out of memory. */
  | { readonly kind: "hang-at" | "exit-at" | "oom-at"; readonly window: number };

const GRAMMAR = "slow:<ms>:<every n>, hang-at:<n>, exit-at:<n> or oom-at:<n>, with commas between several";
const EXIT_CODE = 86;
const WHOLE = /^[1-9]\d{0,6}$/;

/**
 * The faults of the environment variable PHOSPHENE_FAULT, for tests of the daemon: none without it. Throws PARAMETER_INVALID
 * when they are not of the grammar above, and where the process does not run under a test (NODE_ENV=test).
 */
export function parseFaults(env: NodeJS.ProcessEnv): readonly Fault[] {
  const text = env.PHOSPHENE_FAULT ?? "";
  if (text === "") return [];
  if (env.NODE_ENV !== "test")
    throw new PhospheneError("PARAMETER_INVALID", expected("PHOSPHENE_FAULT", "nothing outside tests", text));
  return text.split(",").map((word) => parseFault(word.trim()));
}

function parseFault(word: string): Fault {
  const [kind, ...values] = word.split(":");
  const [first, second] = values.map((value) => (WHOLE.test(value) ? Number(value) : Number.NaN));
  if (kind === "slow" && values.length === 2 && first! > 0 && second! > 0) return { kind, ms: first!, every: second! };
  if ((kind === "hang-at" || kind === "exit-at" || kind === "oom-at") && values.length === 1 && first! > 0)
    return { kind, window: first! };
  throw new PhospheneError("PARAMETER_INVALID", expected("PHOSPHENE_FAULT", GRAMMAR, word));
}

/** The decoder with faults injected into its model run; the decoder itself when there are none. */
export function withFaults(decoder: Decoder, faults: readonly Fault[]): Decoder {
  if (faults.length === 0) return decoder;
  let windows = 0;
  return {
    ...decoder,
    async decode(request) {
      windows++;
      for (const fault of faults) inject(fault, windows);
      const decoded = await decoder.decode(request);
      // At the end, where nothing but the answer follows: what happens meanwhile is seen only when it is given.
      const stallMs = faults.reduce((sum, fault) => sum + stallOf(fault, windows), 0);
      if (stallMs === 0) return decoded;
      block(stallMs);
      return { ...decoded, synthesisedMs: monotonicMs() };
    },
  };
}

function stallOf(fault: Fault, window: number): number {
  return fault.kind === "slow" && window % fault.every === 0 ? fault.ms : 0;
}

function inject(fault: Fault, window: number): void {
  if (fault.kind === "slow" || window !== fault.window) return;
  if (fault.kind === "hang-at") block(Number.POSITIVE_INFINITY);
  if (fault.kind === "exit-at") process.exit(EXIT_CODE);
  // What ONNX Runtime says when a GPU has no memory left.
  throw new PhospheneError("PROVIDER_FAILED", "CUDA failure 2: out of memory (injected by PHOSPHENE_FAULT)");
}

/** Blocks the thread without using the core: this is what a native model run that waits for its device does. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
