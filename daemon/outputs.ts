import type { Logger } from "pino";
import type { Config } from "../src/config.ts";
import { expected, PhospheneError } from "../src/errors.ts";
import type { EventBody, FrameBody, HelloBody, OutputBody } from "../src/protocol/messages.ts";
import type { Output, OutputContext, PreparedOutput } from "./outputs/output.ts";

/** Where frames and events go besides the viewers. Nothing here waits or throws. */
export interface Outputs {
  /** A frame is about to be written to the viewers: triggers go before them. */
  urgent(frame: FrameBody): void;
  /** A frame, held or not, was written to the viewers at `writtenMs`. */
  frame(frame: FrameBody, writtenMs: number): void;
  event(event: EventBody): void;
  /** A viewer had frame `seq` on its screen at `atMs`. */
  shown(seq: number, atMs: number): void;
  /** Makes ready for another bundle. Rejects with CONFIG_INVALID where a rule names what that has not; nothing is changed before `commit`. */
  prepare(bundle: HelloBody["bundle"]): Promise<PreparedOutputs>;
  status(): OutputBody[];
  close(): Promise<void>;
}

/** Outputs that are ready for another bundle. */
export interface PreparedOutputs {
  /** The next frame is of that bundle. */
  commit(): void;
  /** It will not be. */
  discard(): Promise<void>;
}

type Opener = (outputs: Config["outputs"], context: OutputContext) => Promise<Output>;

/** Each is loaded, with the native package that it needs, only when it is configured. */
const OPENERS: { readonly [Name in Output["name"]]: Opener } = {
  serial: async ({ serial }, context) => (await import("./outputs/serial.ts")).openSerial(serial, context),
  networkEvents: async ({ networkEvents }, context) =>
    (await import("./outputs/network-events.ts")).openNetworkEvents(networkEvents, context),
  zeromq: async ({ zeromq }, context) => (await import("./outputs/zeromq.ts")).openZeroMq(zeromq, context),
  lsl: async ({ lsl }, context) => (await import("./outputs/lsl.ts")).openLsl(lsl, context),
};
const NAMES = Object.keys(OPENERS) as (keyof typeof OPENERS)[];

/** Opens what the configuration asks for. Rejects with a coded error, and leaves nothing open then. */
export async function openOutputs(
  config: Config,
  { bundle, session }: Pick<HelloBody, "bundle" | "session">,
  now: () => number,
  log: Logger,
): Promise<Outputs> {
  const say: OutputContext["log"] = (level, message) => log[level](`output: ${message}`);
  const context = { bundle, session, everyBins: config.decode.everyBins, now, log: say };
  const outputs: Output[] = [];
  refuseSharedEndpoint(config);
  try {
    for (const name of NAMES) {
      if (config.outputs[name].enabled) outputs.push(await OPENERS[name](config.outputs, context));
    }
  } catch (error) {
    await closeAll(outputs);
    throw error;
  }
  return combine(outputs, (name, error) => log.error(`output ${name}: ${String(error)}`));
}

/** The ZMQ Interface, which is read, and Network Events have the same default port: on a PUB socket a trigger would wait for ever. */
function refuseSharedEndpoint({ source, otherSources, outputs: { networkEvents } }: Config): void {
  const { enabled, endpoint } = networkEvents;
  if (!enabled || [source, ...otherSources].every(({ options }) => options.endpoint !== endpoint)) return;
  const wanted = "the port of Network Events, which is none of a source";
  throw new PhospheneError("CONFIG_INVALID", expected("outputs.networkEvents.endpoint", wanted, endpoint));
}

function combine(outputs: readonly Output[], complain: (name: string, error: unknown) => void): Outputs {
  // A fault of one output is neither the loop's nor the others'.
  const each = (act: (output: Output) => void) => {
    for (const output of outputs) {
      try {
        act(output);
      } catch (error) {
        complain(output.name, error);
      }
    }
  };
  return {
    urgent: (frame) => each((output) => output.urgent?.(frame)),
    frame: (frame, writtenMs) => each((output) => output.frame?.(frame, writtenMs)),
    event: (event) => each((output) => output.event?.(event)),
    shown: (seq, atMs) => each((output) => output.shown?.(seq, atMs)),
    prepare: (bundle) => prepareAll(outputs, bundle),
    status: () => outputs.map((output) => ({ name: output.name, ...output.state(), ...output.books.counts() })),
    close: () => closeAll(outputs),
  };
}

async function prepareAll(outputs: readonly Output[], bundle: HelloBody["bundle"]): Promise<PreparedOutputs> {
  const prepared: PreparedOutput[] = [];
  const discard = async () => void (await Promise.allSettled(prepared.map((each) => each.discard?.())));
  try {
    for (const output of outputs) {
      const ready = await output.prepare?.(bundle);
      if (ready) prepared.push(ready);
    }
  } catch (error) {
    await discard();
    throw error;
  }
  return { discard, commit: () => prepared.forEach((each) => void each.commit()) };
}

async function closeAll(outputs: readonly Output[]): Promise<void> {
  await Promise.allSettled(outputs.map((output) => output.close()));
}
