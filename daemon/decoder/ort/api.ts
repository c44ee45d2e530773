import { expected, PhospheneError } from "../../../src/errors.ts";
import {
  type Argument,
  functionAt,
  functionNamed,
  type Handle,
  type NativeFunction,
  openLibrary,
  pointerCell,
  pointersAt,
} from "./native.ts";
import { API_VERSION, CALLS, LOG_ERRORS, MODEL_FAULTS, RELEASES, STATUS } from "./slots.ts";

type CallName = keyof typeof CALLS;
export type Releasable = keyof typeof RELEASES;

interface ArgumentOf {
  p: Handle | ArrayBufferView | null;
  s: string;
  i: number;
  n: number;
  l: readonly string[];
}
type Arguments<Letters extends string> = Letters extends `${infer First extends keyof ArgumentOf}${infer Rest}`
  ? [ArgumentOf[First], ...Arguments<Rest>]
  : [];
type WithoutLast<List extends unknown[]> = List extends [...infer Start, unknown] ? Start : never;
type ArgumentsOf<Name extends CallName> = Arguments<(typeof CALLS)[Name][1]>;

/** ONNX Runtime's C API in one library. Made by `loadApi`; lives as long as the process. */
export interface OrtApi {
  /** Calls a function; throws PROVIDER_FAILED (or BUNDLE_GRAPH_MISMATCH where the model is at fault) with its own words. */
  call<Name extends CallName>(name: Name, ...values: ArgumentsOf<Name>): void;
  /** Calls a function whose last argument is where it writes the handle that it made. */
  make<Name extends CallName>(name: Name, ...values: WithoutLast<ArgumentsOf<Name>>): Handle;
  release(kind: Releasable, handle: Handle): void;
  readonly env: Handle;
}

/** Opens the C API of the libonnxruntime at `path`; throws PROVIDER_UNAVAILABLE when it is not there or of another time. */
export function loadApi(path: string, version = API_VERSION): OrtApi {
  const slots = slotsOf(path, version);
  const check = statusCheck(slots);
  const calls = new Map<CallName, NativeFunction>();
  const releases = new Map<Releasable, NativeFunction>();
  // The table is ours; its keys are the names.
  for (const name of Object.keys(CALLS) as CallName[]) {
    const [slot, letters] = CALLS[name];
    calls.set(name, functionAt(slots[slot]!, "p", letters));
  }
  for (const kind of Object.keys(RELEASES) as Releasable[])
    releases.set(kind, functionAt(slots[RELEASES[kind]]!, "v", "p"));
  const call = (name: CallName, values: readonly Argument[]) => check(name, calls.get(name)!(...values));
  const make = (name: CallName, values: readonly Argument[]): Handle => {
    const cell = pointerCell();
    call(name, [...values, cell]);
    return cell[0]!;
  };
  return {
    call: (name, ...values) => call(name, values),
    make: (name, ...values) => make(name, values),
    release: (kind, handle) => void releases.get(kind)!(handle),
    env: make("CreateEnv", [LOG_ERRORS, "phosphene"]),
  };
}

/** The function pointers of struct OrtApi. */
function slotsOf(path: string, version: number): Handle[] {
  const last = Math.max(...Object.values(CALLS).map(([slot]) => slot), ...Object.values(RELEASES));
  return pointersAt(apiOf(path, version), last + 1);
}

function apiOf(path: string, wanted: number): Handle {
  try {
    const base = functionNamed(openLibrary(path), "OrtGetApiBase", "p", "")();
    // struct OrtApiBase { GetApi, GetVersionString }
    const [getApi, getVersion] = pointersAt(base as Handle, 2);
    const api = functionAt(getApi!, "p", "u")(wanted);
    if (api) return api as Handle;
    const version = String(functionAt(getVersion!, "s", "")());
    throw new Error(expected("version", `one that has API ${wanted}`, version));
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new PhospheneError("PROVIDER_UNAVAILABLE", `${path}: expected ONNX Runtime, got: ${text}`, { cause });
  }
}

/** Throws what a status says and lets go of it; no status is success. */
function statusCheck(slots: readonly Handle[]): (name: string, status: unknown) => void {
  const code = functionAt(slots[STATUS.GetErrorCode]!, "i", "p");
  const message = functionAt(slots[STATUS.GetErrorMessage]!, "s", "p");
  const release = functionAt(slots[STATUS.ReleaseStatus]!, "v", "p");
  return (name, status) => {
    if (!status) return;
    const handle = status as Handle;
    const isModel = name === "CreateSession" && MODEL_FAULTS.includes(Number(code(handle)));
    const text = String(message(handle));
    release(handle);
    throw new PhospheneError(isModel ? "BUNDLE_GRAPH_MISMATCH" : "PROVIDER_FAILED", `${name}: ${text}`);
  };
}
