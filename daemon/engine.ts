import type { Logger } from "pino";
import type { Config } from "../src/config.ts";
import type { FrameBudget } from "../src/decode/frame-budget.ts";
import { guidanceOf } from "../src/decode/manifest.ts";
import type { Ledger } from "../src/ledger.ts";
import type { WindowShape } from "../src/ops/window.ts";
import type { Binner } from "../src/signal/binner.ts";
import type { Window } from "../src/signal/types.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import { type Announcer, sayDecoder, sayFallback } from "./announce.ts";
import type { Bundle } from "./bundle.ts";
import { type DecodeStageParts, type Drafted, decodeStage } from "./decode-stage.ts";
import { chooseHost } from "./decoder/choose-host.ts";
import type { DecoderHost, DecoderState } from "./decoder/host.ts";
import type { Way } from "./decoder/providers.ts";
import type { FrameWriter } from "./frames.ts";
import type { Placement } from "./placement.ts";
import type { Steering } from "./steering.ts";

/** A bundle, what runs it, and how a window becomes a frame with it. */
export interface Engine {
  readonly bundle: Bundle;
  readonly host: DecoderHost;
  readonly shape: WindowShape;
  /** Settles the window's bin itself where it resolves with null. */
  readonly decode: (window: Window) => Promise<Drafted | null>;
}

/** What an engine works with: the session's, whichever bundle is active. */
export interface EngineParts extends Announcer {
  readonly config: Config;
  readonly log: Logger;
  readonly placement: Placement;
  readonly budget: FrameBudget;
  readonly ledger: Ledger;
  readonly binner: Binner;
  readonly steering: Steering;
  readonly changes: Acknowledgements;
  readonly writer: FrameWriter;
  readonly originMs: number;
  readonly losses: number;
  /** Where windows go now. */
  readonly switchboard: { readonly active: Engine };
}

/**
 * Makes an engine that has not started. The session's log and events are told what becomes of it while it is active. With `onProgress`, which is told
 * what it does, it is to take over from another one, and loads without getting in its way.
 */
export function makeEngine(parts: EngineParts, bundle: Bundle, onProgress: ((message: string) => void) | null): Engine {
  const { manifest } = bundle;
  const isActive = () => parts.switchboard.active === engine;
  const options = {
    ...hostOptions(parts, bundle, onProgress !== null),
    onState: (decoder: DecoderState, detail: string) => {
      if (!isActive()) return;
      if (decoder === "ready") parts.budget.rebase(host.info?.costMs ?? {});
      sayDecoder(parts, decoder, detail);
    },
    onProgress: (message: string) => {
      parts.log.info(`decoder: ${manifest.name}: ${message}`);
      onProgress?.(message);
    },
    onFallback: (way: Way, reason: string) => {
      if (isActive()) sayFallback(parts, way, reason);
    },
  };
  const host = chooseHost(bundle, options, parts.config.adapt);
  const shape = { length: manifest.bins.window, zscore: manifest.normalisation };
  const engine = { bundle, host, shape, decode: decodeStage(stageParts(parts, bundle, host)) };
  return engine;
}

function hostOptions({ config, placement }: EngineParts, { dir, manifest }: Bundle, beside: boolean) {
  const { solver, maxSteps, seed, threads, keepWarmMs, provider, runner, stallMs, channel, spinMs } = config.decode;
  // A weight that was configured for a bundle with guidance says nothing to one without.
  const guidance = beside && guidanceOf(manifest) === undefined ? null : config.decode.guidance;
  return {
    load: { dir, solver, maxSteps, guidance, seed, threads, keepWarmMs, placement },
    beside,
    way: { provider, runner },
    ...{ stallMs, channel, spinMs },
  };
}

function stageParts(parts: EngineParts, { manifest, digest }: Bundle, supervisor: DecoderHost): DecodeStageParts {
  const { budget, ledger, binner, config, originMs, now, log } = parts;
  return {
    ...{ supervisor, budget, ledger, clock: binner.clock, manifest, digest, seed: config.decode.seed, now },
    fromMonotonic: (ms) => ms - originMs,
    steering: () => parts.steering.state,
    version: () => parts.changes.version,
    losses: () => parts.losses,
    eventBefore: (closedMs) => parts.events.before(closedMs),
    onFailure: (error) => log.debug({ error: String(error) }, "window failed"),
    onNoTime: (window, decision) => parts.writer.expire(window, decision),
  };
}
