import koffi, { type LibraryHandle } from "koffi";
import { PhospheneError } from "../../src/errors.ts";
import { type Candidate, candidates, HOW_TO_INSTALL } from "./candidates.ts";

type KoffiFunction = ReturnType<LibraryHandle["func"]>;
/** An object of liblsl: its address. */
export type Handle = bigint;

/** liblsl's calls as they are; what only later versions have may be missing. koffi runs `call.async` on its own threads. */
export type Native = ReturnType<typeof bind>;

/** Error codes of liblsl. */
export const TIMEOUT = -1;
export const LOST = -2;

/** Loads the first liblsl that is there; throws LSL_UNAVAILABLE with what was tried. This is the only place that knows koffi. */
export function loadNative(library?: string): Native & { readonly path: string; readonly version: number } {
  const tried: string[] = [];
  for (const { path, why } of candidates(library)) {
    try {
      const native = bind(path);
      return { ...native, path, version: Number(native.libraryVersion()) };
    } catch (error) {
      tried.push(`  ${path} (${why}): ${error instanceof Error ? error.message : String(error)}`);
      if (isExplicit(why)) break; // what somebody asked for is not silently replaced
    }
  }
  throw new PhospheneError("LSL_UNAVAILABLE", `liblsl: none found.\n${tried.join("\n")}\n${HOW_TO_INSTALL}`);
}

function isExplicit(why: Candidate["why"]): boolean {
  return why === "option library" || why === "LSL_LIB";
}

/** A string of liblsl at `address`, copied; invalid UTF-8 gives null. */
export function copyText(address: Handle, length: number): string | null {
  if (length === 0) return "";
  const bytes = Uint8Array.from(koffi.decode(address, "uint8_t", length));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Texts as liblsl takes them, for one call: their addresses and lengths. Keep `bytes` until it returns. */
export function textArguments(texts: readonly (string | Uint8Array)[]) {
  const bytes = texts.map((text) => Buffer.from(text));
  return {
    bytes,
    addresses: BigUint64Array.from(bytes, (each) => koffi.address(each)),
    lengths: Uint32Array.from(bytes, ({ length }) => length),
  };
}

/** A call on one of koffi's threads: the event loop goes on meanwhile. */
export function later(call: KoffiFunction, ...values: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call.async(...values, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
  });
}

/** Arguments: p a pointer or a typed array, s a string, i an int32, u an unsigned long, d a double. */
const TYPES = { p: "void *", s: "str", i: "int", u: "ulong", d: "double", v: "void" } as const;
type Letter = keyof typeof TYPES;

function bind(path: string) {
  const library = koffi.load(path);
  const call = (result: Letter, name: string, letters = ""): KoffiFunction =>
    library.func(
      `lsl_${name}`,
      TYPES[result],
      [...letters].map((letter) => TYPES[letter as Letter]),
    );
  const ifThere = (...definition: Parameters<typeof call>): KoffiFunction | undefined => {
    try {
      return call(...definition);
    } catch {
      return undefined;
    }
  };
  return {
    libraryVersion: call("i", "library_version"),
    localClock: call("d", "local_clock"),
    ...bindInfo(call),
    ...bindInlet(call, ifThere),
    createOutlet: call("p", "create_outlet", "pii"),
    destroyOutlet: call("v", "destroy_outlet", "p"),
    haveConsumers: call("i", "have_consumers", "p"),
    pushFloats: call("i", "push_sample_ftp", "ppdi"),
    pushDoubles: call("i", "push_sample_dtp", "ppdi"),
    pushTexts: call("i", "push_sample_buftp", "pppdi"),
  };
}

type Bind = (result: Letter, name: string, letters?: string) => KoffiFunction;
type BindIfThere = (result: Letter, name: string, letters?: string) => KoffiFunction | undefined;

function bindInfo(call: Bind) {
  return {
    createInfo: call("p", "create_streaminfo", "ssidis"),
    destroyInfo: call("v", "destroy_streaminfo", "p"),
    name: call("s", "get_name", "p"),
    type: call("s", "get_type", "p"),
    channelCount: call("i", "get_channel_count", "p"),
    nominalRate: call("d", "get_nominal_srate", "p"),
    channelFormat: call("i", "get_channel_format", "p"),
    sourceId: call("s", "get_source_id", "p"),
    uid: call("s", "get_uid", "p"),
    hostname: call("s", "get_hostname", "p"),
    desc: call("p", "get_desc", "p"),
    child: call("p", "child", "ps"),
    nextSibling: call("p", "next_sibling_n", "ps"),
    childValue: call("s", "child_value_n", "ps"),
    appendChild: call("p", "append_child", "ps"),
    appendChildValue: call("p", "append_child_value", "pss"),
  };
}

function bindInlet(call: Bind, ifThere: BindIfThere) {
  return {
    createResolver: call("p", "create_continuous_resolver_bypred", "sd"),
    resolverResults: call("i", "resolver_results", "ppi"),
    destroyResolver: call("v", "destroy_continuous_resolver", "p"),
    createInlet: call("p", "create_inlet", "piii"),
    /** 1.16: buffer length in samples or ms instead of seconds or hundreds of samples. */
    createInletEx: ifThere("p", "create_inlet_ex", "piiii"),
    destroyInlet: call("v", "destroy_inlet", "p"),
    fullInfo: call("p", "get_fullinfo", "pdp"),
    openStream: call("v", "open_stream", "pdp"),
    timeCorrection: call("d", "time_correction", "pdp"),
    /** 1.13: with its uncertainty. */
    timeCorrectionEx: ifThere("d", "time_correction_ex", "pppdp"),
    pullSample: call("d", "pull_sample_d", "ppidp"),
    pullChunk: call("u", "pull_chunk_d", "pppuudp"),
    pullTexts: call("d", "pull_sample_buf", "pppidp"),
    destroyString: call("v", "destroy_string", "p"),
    wasClockReset: call("i", "was_clock_reset", "p"),
  };
}
