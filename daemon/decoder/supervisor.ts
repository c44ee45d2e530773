import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Decoded, DecodeRequest } from "../../src/decode/decoder.ts";
import { PhospheneError } from "../../src/errors.ts";
import type { FromDecoder, LoadOptions, ReadyInfo, ToDecoder } from "./ipc.ts";

export type DecoderState = "starting" | "ready" | "restarting" | "failed";

export interface SupervisorOptions {
  readonly load: LoadOptions;
  /** A window that takes longer means that the process is stuck: it is killed and restarted, ms. */
  readonly stallMs: number;
  readonly onState: (state: DecoderState, detail: string) => void;
  readonly onProgress?: (message: string) => void;
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
  #child: ChildProcess | null = null;
  #state: DecoderState = "starting";
  #info: ReadyInfo | null = null;
  #nextId = 0;
  #restarts = 0;
  #failuresInRow = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #firstStart = Promise.withResolvers<ReadyInfo>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
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

  /** Starts the process; resolves when it is ready, rejects with the bundle's coded error when it refuses. */
  start(): Promise<ReadyInfo> {
    this.#spawn();
    return this.#firstStart.promise;
  }

  /** Rejects with DECODER_UNAVAILABLE while the process is down and DECODER_FAILED when it dies or refuses this window. */
  decode(request: DecodeRequest): Promise<Decoded> {
    const child = this.#child;
    if (this.#state !== "ready" || child === null)
      return Promise.reject(new PhospheneError("DECODER_UNAVAILABLE", `the decoder process is ${this.#state}`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#onStall(child), this.#options.stallMs);
      this.#pending.set(id, { resolve, reject, timer });
      child.send({ type: "decode", id, ...request } satisfies ToDecoder, () => {});
    });
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return;
    const gone = once(child, "exit");
    if (child.connected) child.disconnect();
    const kill = setTimeout(() => child.kill("SIGKILL"), 2000);
    await gone;
    clearTimeout(kill);
  }

  #spawn(): void {
    const child = fork(new URL("./process.ts", import.meta.url), {
      serialization: "advanced",
      stdio: ["ignore", 2, 2, "ipc"],
    });
    this.#child = child;
    this.#timer = setTimeout(() => child.kill("SIGKILL"), LOAD_TIMEOUT_MS);
    child.on("message", (message: FromDecoder) => this.#onMessage(message));
    child.on("exit", (code, signal) => this.#onExit(signal ?? `exit code ${code}`));
    child.on("error", (error) => this.#options.onProgress?.(`decoder process: ${error.message}`));
    child.send({ type: "load", options: this.#options.load } satisfies ToDecoder, () => {});
  }

  #onMessage(message: FromDecoder): void {
    switch (message.type) {
      case "progress":
        this.#options.onProgress?.(message.message);
        return;
      case "ready":
        this.#onReady(message);
        return;
      case "refused":
        this.#onRefused(new PhospheneError(message.problem.code, message.problem.message));
        return;
      case "decoded":
        this.#take(message.id)?.resolve(message);
        return;
      case "failed":
        this.#take(message.id)?.reject(new PhospheneError(message.problem.code, message.problem.message));
        return;
    }
  }

  #onReady(info: ReadyInfo): void {
    clearTimeout(this.#timer);
    this.#info = info;
    this.#failuresInRow = 0;
    this.#setState("ready", `${info.kind}, ${info.provider}`);
    this.#firstStart.resolve(info);
  }

  /** At the first start a refusal ends the daemon; later (the bundle changed on disk) it is retried like a crash. */
  #onRefused(error: PhospheneError): void {
    clearTimeout(this.#timer);
    this.#setState("failed", error.message);
    this.#firstStart.reject(error);
    if (this.#info !== null) this.#child?.kill("SIGKILL");
  }

  #onStall(child: ChildProcess): void {
    this.#options.onProgress?.(`no progress for ${this.#options.stallMs} ms: killing the decoder process`);
    child.kill("SIGKILL");
  }

  #onExit(reason: string): void {
    clearTimeout(this.#timer);
    this.#child = null;
    for (const id of [...this.#pending.keys()])
      this.#take(id)?.reject(new PhospheneError("DECODER_FAILED", `the decoder process ended (${reason})`));
    if (this.#closed) return;
    this.#firstStart.reject(
      new PhospheneError("DECODER_UNAVAILABLE", `the decoder process ended at start (${reason})`),
    );
    if (this.#info === null) return;
    const delay = Math.min(MAX_BACKOFF_MS, (this.#options.backoffMs ?? 100) * 2 ** this.#failuresInRow);
    this.#failuresInRow++;
    this.#restarts++;
    this.#setState("restarting", reason);
    this.#timer = setTimeout(() => this.#spawn(), delay);
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
