import { encodeClient } from "../../src/protocol/encode.ts";
import {
  type AdaptedBody,
  type ClientBodies,
  type HelloBody,
  type SteeredBody,
  type SwitchedBody,
  TOPICS,
  type Topic,
} from "../../src/protocol/messages.ts";
import { type Address, addressOf } from "./address.ts";
import { Answers } from "./answers.ts";
import { dispatch, type Receivers } from "./dispatch.ts";
import { Emitter } from "./emitter.ts";
import { type ClientError, failure } from "./errors.ts";
import { Link } from "./link.ts";
import { type ClientEvents, eachOf, nextOf } from "./listen.ts";
import { readMessage } from "./messages.ts";
import { type ClientOptions, timesOf } from "./options.ts";
import { Pulse } from "./pulse.ts";
import type { LatestQueue } from "./queue.ts";
import { socketClass } from "./socket.ts";
import { type ConnectionState, isOver, type Over, overError } from "./state.ts";
import { gammaOf, type Steering } from "./steering.ts";

export type Picture = Omit<ClientBodies["present"], "id">;

/** A large model is verified, loaded and warmed up, ms. */
const SWITCH_TIMEOUT_MS = 120_000;

/** A connection to a daemon that comes back by itself. All times `...Ms` in messages are the daemon's; `toServerMs` maps ours. */
export class Client {
  readonly #address: Address;
  readonly #timeoutMs: number;
  readonly #topics: readonly Topic[];
  readonly #events = new Emitter<ClientEvents>(() => this.#subscribe());
  readonly #link: Link;
  readonly #pulse: Pulse;
  readonly #answers: Answers;
  readonly #receivers: Receivers;
  #state: ConnectionState = { phase: "connecting", attempt: 0 };
  #hello: HelloBody | null = null;
  #session: string | null = null;
  #subscribed = "";
  #unreadable = 0;

  constructor(url: string, options: ClientOptions = {}) {
    const { timeoutMs, pingMs } = timesOf(options);
    this.#timeoutMs = timeoutMs;
    this.#address = addressOf(url, options.token);
    this.#topics = options.topics ?? [];
    this.#answers = new Answers(timeoutMs);
    this.#pulse = new Pulse({
      ...{ everyMs: pingMs, now: () => performance.now(), ping: (id) => void this.#trySend("ping", { id }) },
      onSilence: () => this.#link.abandon(),
    });
    this.#receivers = {
      ...{ answers: this.#answers, events: this.#events, viewer: () => this.#hello?.viewer },
      greeted: (hello) => this.#greeted(hello),
      pong: (id, nowMs) => this.#pulse.pong(id, nowMs),
    };
    this.#link = this.#makeLink(options);
    this.#link.start();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** What the daemon said of itself; null while there is no connection. */
  get hello(): HelloBody | null {
    return this.#hello;
  }

  /** How the daemon's clock lies to `performance.now()`; null before the first connection. */
  get clock() {
    return this.#pulse.reading;
  }

  /** Messages that this client does not understand: of a later protocol, or damaged. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** The daemon's time at `localMs` of `performance.now()`. Throws CLIENT_OFFLINE before the first connection. */
  toServerMs(localMs: number): number {
    const { clock } = this;
    if (clock === null) throw failure("CLIENT_OFFLINE", "the daemon's clock is not known yet");
    return localMs + clock.offsetMs;
  }

  /** Calls `listener` for every message of this name, and subscribes to its topic. Returns what ends it. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** The next message of this name that satisfies `wanted`. Rejects when the client is closed or refused. */
  next<Name extends keyof ClientEvents>(
    name: Name,
    wanted: (value: ClientEvents[Name]) => boolean = () => true,
  ): Promise<ClientEvents[Name]> {
    return nextOf(this, name, wanted);
  }

  /** Messages of this name as an async iteration, at most `depth` of them waiting: for a slow reader the oldest are dropped. It ends with the client. */
  each<Name extends keyof ClientEvents>(name: Name, depth = 1): LatestQueue<ClientEvents[Name]> {
    return eachOf(this, name, depth);
  }

  /** Resolves with `hello` once there is a connection. Rejects when the client is closed or refused. */
  async opened(): Promise<HelloBody> {
    return this.#hello ?? this.next("hello");
  }

  /** Replaces steering and guidance; resolves with the first frame that was decoded with them. Groups that are not named are not steered. */
  async steer({ gamma, guidance = null }: Steering): Promise<SteeredBody> {
    const values = gammaOf(gamma, this.#hello);
    return this.#answers.ask("steer", (id) => this.#send("steer", { gamma: values, guidance, id }));
  }

  /** Enters an event; resolves with its number in the session and its time. `atMs` is the daemon's time, now without it. */
  async event(text: string, { atMs = null }: { atMs?: number | null } = {}): Promise<{ n: number; atMs: number }> {
    return this.#answers.ask("event", (id) => this.#send("event", { id, text, atMs }));
  }

  /** Shows the subject a picture; resolves with the stimulus' id once the rig has it: `event`s tell when it is on. */
  async present({ width, height, image }: Picture): Promise<string> {
    return this.#answers.ask("present", (id) => this.#send("present", { id, width, height, image }));
  }

  /** Decodes with another bundle, a name of `status.decoders`; resolves with the first frame that it gives. Loading takes seconds, for which `timeoutMs` is there. */
  async switch(bundle: string, { timeoutMs = SWITCH_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<SwitchedBody> {
    return this.#answers.ask("switch", (id) => this.#send("switch", { id, bundle }), timeoutMs);
  }

  /** Lets the decoder learn from stimuli whose pictures are known, or not; `reset` forgets what it has learnt. Resolves with the first frame with it. */
  async adapt({ on = null, reset = false }: { on?: boolean | null; reset?: boolean }): Promise<AdaptedBody> {
    return this.#answers.ask("adapt", (id) => this.#send("adapt", { id, on, reset }));
  }

  /** Frame `seq` was on the screen at `localMs` of `performance.now()`: glass latency in `status`. */
  shown(seq: number, localMs = performance.now()): void {
    this.#trySend("shown", { seq, atMs: this.toServerMs(localMs) });
  }

  /** GET of a path of the daemon (`/status`, `/trace`, the `url` of a stimulus) with this client's token. */
  get(path: string): Promise<Response> {
    const { root, headers } = this.#address;
    return fetch(`${root}${path}`, { headers, signal: AbortSignal.timeout(this.#timeoutMs) });
  }

  /** Ends it for good. What waits for an answer is rejected with CLIENT_CLOSED. */
  close(): void {
    if (!isOver(this.#state)) this.#end({ phase: "closed" });
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #makeLink({ WebSocket }: ClientOptions): Link {
    const { stream: url, protocols } = this.#address;
    const isRefused = async () => {
      const answer = await this.get("/status").catch(() => null);
      await answer?.body?.cancel();
      return answer?.status === 401;
    };
    return new Link(
      { url, protocols, WebSocket: socketClass(WebSocket), isRefused, timeoutMs: this.#timeoutMs },
      {
        connecting: (attempt) => this.#setState({ phase: "connecting", attempt }),
        received: (bytes) => this.#received(bytes),
        down: (attempt, retryInMs) => this.#down(attempt, retryInMs),
        refused: () => this.#end({ phase: "refused" }),
      },
    );
  }

  #received(bytes: Uint8Array): void {
    const message = readMessage(bytes);
    if (message === null) this.#unreadable += 1;
    else dispatch(message, this.#receivers);
  }

  #greeted(hello: HelloBody): void {
    const previous = this.#session;
    this.#session = hello.session;
    const isAnother = this.#hello !== null;
    this.#hello = hello;
    // The daemon decodes with another bundle: the connection, its clock and its subscription are as they were.
    if (!isAnother) this.#opened(hello, previous);
    this.#events.emit("hello", hello);
  }

  #opened(hello: HelloBody, previous: string | null): void {
    this.#link.settled();
    this.#pulse.start(hello.nowMs);
    this.#subscribed = "";
    this.#subscribe();
    this.#setState({ phase: "open" });
    if (previous !== null && previous !== hello.session)
      this.#events.emit("session", { session: hello.session, previous });
  }

  #subscribe(): void {
    if (this.#hello === null) return;
    const topics = TOPICS.filter((topic) => this.#topics.includes(topic) || this.#events.has(topic));
    const wanted = topics.join();
    if (wanted === this.#subscribed) return;
    if (this.#trySend("subscribe", { topics })) this.#subscribed = wanted;
  }

  #down(attempt: number, retryInMs: number): void {
    this.#hang(failure("CLIENT_OFFLINE", "the connection ended before the answer"));
    this.#setState({ phase: "waiting", attempt, retryInMs });
  }

  #end(state: Over): void {
    this.#link.stop();
    this.#hang(overError(state));
    this.#setState(state);
  }

  #hang(error: ClientError): void {
    this.#hello = null;
    this.#pulse.stop();
    this.#answers.refuseAll(error);
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#events.emit("state", state);
  }

  #send<Type extends keyof ClientBodies>(type: Type, body: ClientBodies[Type]): void {
    if (isOver(this.#state)) throw overError(this.#state);
    const problem = this.#link.send(encodeClient(type, body));
    if (problem !== null) throw problem;
  }

  /** For what is worth nothing later. False when it was not sent. */
  #trySend<Type extends keyof ClientBodies>(type: Type, body: ClientBodies[Type]): boolean {
    return this.#hello !== null && this.#link.send(encodeClient(type, body)) === null;
  }
}
