import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Decoded, DecodeRequest } from "../../src/decode/decoder.ts";
import { PhospheneError } from "../../src/errors.ts";
import { monotonicMs } from "../monotonic.ts";
import { ChannelMemory, DecoderChannel } from "./channel.ts";
import type { DecoderState } from "./host.ts";
import type { FromDecoder, LoadedInfo, LoadOptions, Problem, ReadyInfo, ToDecoder } from "./ipc.ts";
import { cudaLibraries, withFolders } from "./libraries.ts";
import { planWays, type Way, type WayChoice } from "./providers.ts";
import { standBack } from "./stand-back.ts";
import { surveyProviders } from "./survey.ts";
import { Ways } from "./ways.ts";

export interface SupervisorOptions {
  readonly load: Omit<LoadOptions, "way" | "comeForward">;
  /** Another decoder runs meanwhile, and is not to be held up while this one loads for the first time. */
  readonly beside?: boolean;
  readonly way: WayChoice;
  /** A window that takes longer means that the process is stuck: it is killed and restarted, ms. */
  readonly stallMs: number;
  /** How windows reach the process: `auto` is shared memory where the system has it, `messages` Node's own channel. */
  readonly channel?: "auto" | "messages";
  /** How long both ends of the shared memory look without sleeping for what they expect, ms. */
  readonly spinMs?: number;
  readonly onState: (state: DecoderState, detail: string) => void;
  readonly onProgress?: (message: string) => void;
  /** Another provider was taken because the one before refused or failed; its first sentence is why. */
  readonly onFallback?: (way: Way, reason: string) => void;
  /** First delay before a restart, doubled at every failure in a row, ms. */
  readonly backoffMs?: number;
}

interface Pending {
  readonly resolve: (decoded: Decoded) => void;
  readonly reject: (error: PhospheneError) => void;
  readonly timer: NodeJS.Timeout;
}

const LOAD_TIMEOUT_MS = 120_000;
const MAX_BACKOFF_MS = 10_000;

/** Runs the decoder process: starts it, restarts it with back-off when it dies or makes no progress, and hands windows to it. */
export class DecoderSupervisor {
  readonly #options: SupervisorOptions;
  readonly #pending = new Map<number, Pending>();
  /** null where windows go as messages. */
  readonly #memory: ChannelMemory | null;
  #channel: DecoderChannel | null = null;
  #child: ChildProcess | null = null;
  #state: DecoderState = "starting";
  #info: ReadyInfo | null = null;
  #nextId = 0;
  #restarts = 0;
  #failuresInRow = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Why the process would not load, or is about to end, in its own words. */
  #refusal: Problem | null = null;
  #lastWords: string | null = null;
  #firstStart = Promise.withResolvers<ReadyInfo>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#memory = options.channel === "messages" ? null : ChannelMemory.create();
  }

  get state(): DecoderState {
    return this.#state;
  }
  get restarts(): number {
    return this.#restarts;
  }
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }
  get info(): ReadyInfo | null {
    return this.#info;
  }

  /**
   * Starts the process; resolves when it is ready. Rejects with the bundle's coded error when it refuses that, with PROVIDER_UNAVAILABLE when the
   * provider that was asked for cannot be had.
   */
  async start(): Promise<ReadyInfo> {
    this.#spawn(new Ways(planWays(this.#options.way, surveyProviders())));
    return this.#firstStart.promise;
  }

  /** Rejects with DECODER_UNAVAILABLE while the process is down and DECODER_FAILED when it dies or refuses this window. */
  decode(request: DecodeRequest): Promise<Decoded> {
    const child = this.#child;
    if (this.#state !== "ready" || child === null)
      return Promise.reject(new PhospheneError("DECODER_UNAVAILABLE", `the decoder process is ${this.#state}`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#channel !== null) this.#channel.ask(id, request);
      else child.send({ type: "decode", id, ...request } satisfies ToDecoder, () => {});
      const timer = setTimeout(() => this.#onStall(child), this.#options.stallMs);
      this.#pending.set(id, { resolve, reject, timer });
    });
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return this.#memory?.close();
    const gone = once(child, "exit");
    this.#channel?.close();
    if (child.connected) child.disconnect();
    const kill = setTimeout(() => child.kill("SIGKILL"), 2000);
    await gone;
    clearTimeout(kill);
    this.#memory?.close();
  }

  #spawn(ways: Ways): void {
    const way = ways.current;
    const spinMs = this.#options.spinMs ?? 0;
    const channel = this.#openChannel(spinMs, ways);
    const child = fork(new URL("./process.ts", import.meta.url), {
      serialization: "advanced",
      stdio: ["ignore", 2, 2, "ipc", ...(channel?.stdio ?? [])],
      env: way.provider === "cuda" ? withFolders(cudaLibraries(), process.env) : process.env,
    });
    channel?.inherited();
    this.#channel = channel;
    this.#refusal = this.#lastWords = null;
    this.#child = child;
    this.#timer = setTimeout(() => child.kill("SIGKILL"), LOAD_TIMEOUT_MS);
    child.on("message", (message: FromDecoder) => this.#onMessage(message, ways));
    child.on("exit", (code, signal) => this.#onExit(signal ?? `exit code ${code}`, ways));
    child.on("error", (error) => this.#options.onProgress?.(`decoder process: ${error.message}`));
    const isFirst = this.#info === null && child.pid !== undefined;
    const comeForward = this.#options.beside === true && isFirst ? standBack(child.pid!) : null;
    const options = { ...this.#options.load, way, ...(comeForward !== null && { comeForward }) };
    child.send({ type: "load", options, spinMs: channel === null ? null : spinMs } satisfies ToDecoder, () => {});
  }

  #openChannel(spinMs: number, ways: Ways): DecoderChannel | null {
    return this.#memory === null
      ? null
      : DecoderChannel.open(this.#memory, {
          spinMs,
          now: monotonicMs,
          onAnswer: (answer) => this.#onMessage(answer, ways),
          onBroken: (problem) => {
            this.#lastWords = problem;
            this.#child?.kill("SIGKILL");
          },
        });
  }

  #onMessage(message: FromDecoder, ways: Ways): void {
    switch (message.type) {
      case "progress":
        this.#options.onProgress?.(message.message);
        return;
      case "ready":
        this.#onReady(message, ways);
        return;
      case "refused":
        this.#refusal = message.problem;
        this.#child?.kill("SIGKILL");
        return;
      case "ending":
        this.#lastWords = message.problem.message;
        // Its exit would run the driver's own clean-up, which may hang on a device that is lost.
        this.#child?.kill("SIGKILL");
        return;
      case "decoded":
        ways.decoded();
        this.#take(message.id)?.resolve(message);
        return;
      case "failed":
        this.#take(message.id)?.reject(new PhospheneError(message.problem.code, message.problem.message));
        return;
    }
  }

  #onReady(loaded: LoadedInfo, ways: Ways): void {
    clearTimeout(this.#timer);
    ways.started();
    this.#info = { ...loaded, reason: ways.reason };
    this.#failuresInRow = 0;
    const { kind, provider, runner, precision } = loaded;
    this.#setState("ready", `${kind}, ${provider} (${runner}, ${precision}): ${ways.reason}`);
    this.#firstStart.resolve(this.#info);
  }

  #onStall(child: ChildProcess): void {
    this.#options.onProgress?.(`no progress for ${this.#options.stallMs} ms: killing the decoder process`);
    child.kill("SIGKILL");
  }

  #onExit(cause: string, ways: Ways): void {
    clearTimeout(this.#timer);
    this.#child = null;
    this.#channel?.close();
    this.#channel = null;
    const refusal = this.#refusal;
    const reason = refusal?.message ?? this.#lastWords ?? cause;
    for (const id of [...this.#pending.keys()])
      this.#take(id)?.reject(new PhospheneError("DECODER_FAILED", `the decoder process ended (${reason})`));
    if (this.#closed) return;
    const hasMoved = refusal === null ? ways.ended(reason) : ways.refused(refusal.code, refusal.message);
    if (hasMoved) this.#options.onFallback?.(ways.current, ways.reason);
    if (this.#info !== null) this.#restart(reason, hasMoved, ways);
    else if (hasMoved) this.#spawn(ways);
    else
      this.#giveUp(
        refusal ?? { code: "DECODER_UNAVAILABLE", message: `the decoder process ended at start (${reason})` },
      );
  }

  /** What never worked ends the daemon; what worked once (a bundle that changed on disk, a device that was lost) is tried again. */
  #giveUp({ code, message }: Problem): void {
    const error = new PhospheneError(code, message);
    this.#setState("failed", error.message);
    this.#firstStart.reject(error);
  }

  #restart(reason: string, isFallback: boolean, ways: Ways): void {
    const backoffMs = Math.min(MAX_BACKOFF_MS, (this.#options.backoffMs ?? 100) * 2 ** this.#failuresInRow);
    this.#failuresInRow = isFallback ? 0 : this.#failuresInRow + 1;
    this.#restarts++;
    this.#setState("restarting", reason);
    this.#timer = setTimeout(() => this.#spawn(ways), isFallback ? 0 : backoffMs);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }

  #setState(state: DecoderState, detail: string): void {
    this.#state = state;
    this.#options.onState(state, detail);
  }
}
