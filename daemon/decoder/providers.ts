import { expected, PhospheneError } from "../../src/errors.ts";

/** Execution providers of ONNX Runtime that we use, the fastest first: the order in which they are tried. */
export const PROVIDERS = ["cuda", "webgpu", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** `bound`: the C API with memory bound once, on CUDA with CUDA graphs. `plain`: onnxruntime-node's own binding, the reference. */
export type Runner = "bound" | "plain";

/** A way to run a bundle's graphs. */
export interface Way {
  readonly provider: Provider;
  readonly runner: Runner;
}

/** decode.provider and decode.runner of the configuration. */
export interface WayChoice {
  readonly provider: Provider | "auto";
  readonly runner: Runner | "auto";
}

/** Why a provider cannot work on this machine, for what can be seen without loading it; null where nothing speaks against it. */
export type Survey = Readonly<Record<Provider, string | null>>;

export interface Plan {
  /** In the order in which they are taken; the last one is the CPU. */
  readonly ways: readonly Way[];
  /** How many of them may be taken at the first start; the others are there for when these fail later. */
  readonly startable: number;
  /** Why the first way is the first. */
  readonly reason: string;
}

/** The way that everything is compared with. */
export const REFERENCE: Way = { provider: "cpu", runner: "plain" };

/** Orders the ways; throws PROVIDER_UNAVAILABLE when the provider that was asked for cannot work, PARAMETER_INVALID for a runner that it has not. */
export function planWays(choice: WayChoice, survey: Survey): Plan {
  const { provider } = choice;
  if (provider !== "auto" && survey[provider] !== null)
    throw new PhospheneError("PROVIDER_UNAVAILABLE", expected("decode.provider", provider, survey[provider]));
  if (choice.runner === "bound" && provider === "webgpu")
    throw new PhospheneError("PARAMETER_INVALID", expected("decode.runner", "auto or plain with webgpu", "bound"));
  const from = provider === "auto" ? 0 : PROVIDERS.indexOf(provider);
  const usable = PROVIDERS.slice(from).filter((name) => survey[name] === null);
  const ways = usable.flatMap((name) => waysOn(name, choice.runner));
  const startable = provider === "auto" ? ways.length : ways.filter((way) => way.provider === provider).length;
  return { ways, startable, reason: provider === "auto" ? autoReason(usable[0]!, survey) : "as configured" };
}

/** CUDA falls back to the plain binding where a graph cannot be captured; on the CPU it is the reference, and the default. */
function waysOn(provider: Provider, runner: WayChoice["runner"]): Way[] {
  const plain: Way = { provider, runner: "plain" };
  const bound: Way = { provider, runner: "bound" };
  if (provider === "webgpu" || runner === "plain") return [plain];
  if (runner === "bound" || provider === "cuda") return [bound, plain];
  return [plain];
}

function autoReason(chosen: Provider, survey: Survey): string {
  const passed = PROVIDERS.slice(0, PROVIDERS.indexOf(chosen)).map((name) => `${name}: ${survey[name]}`);
  return ["the first that is there of cuda, webgpu, cpu", ...passed].join("; ");
}
