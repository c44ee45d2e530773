import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Reply } from "zeromq";
import { monotonicMs } from "../../daemon/monotonic.ts";

/** Something that arrived at a peer, on the machine's monotonic clock. */
export interface Arrival {
  readonly what: string;
  readonly atMs: number;
}

/** Things that arrive one by one, and whoever waits for them. */
export class Arrivals {
  readonly all: Arrival[] = [];
  readonly #waiting: { readonly index: number; readonly resolve: (arrival: Arrival) => void }[] = [];

  push(arrival: Arrival): void {
    const index = this.all.push(arrival) - 1;
    for (const each of this.#waiting.splice(0)) {
      if (each.index <= index) each.resolve(this.all[each.index]!);
      else this.#waiting.push(each);
    }
  }

  /** The `index`-th from the start, now or when it comes. */
  at(index: number): Promise<Arrival> {
    const there = this.all[index];
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => this.#waiting.push({ index, resolve }));
  }
}

/** A pseudo-terminal of which every byte is stamped by a process of its own (terminal.py). */
export class Pty implements AsyncDisposable {
  readonly bytes = new Arrivals();
  /** What it says of itself: ready, unplugged, stop, go. */
  readonly said = new Arrivals();
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "phosphene-pty-"));
  readonly #child: ChildProcess;

  private constructor() {
    this.path = join(this.#folder, "tty");
    const script = join(import.meta.dirname, "terminal.py");
    this.#child = spawn("python3", [script, this.path], { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const [what = "", ns] = line.split(" ");
      if (ns === undefined) this.said.push({ what, atMs: monotonicMs() });
      else this.bytes.push({ what, atMs: Number(ns) / 1e6 });
    });
  }

  static async open(): Promise<Pty> {
    const pty = new Pty();
    const ended = once(pty.#child, "exit").then(() => Promise.reject(new Error("terminal.py ended")));
    await Promise.race([pty.said.at(0), ended]);
    ended.catch(() => {});
    return pty;
  }

  /** Resolves when it was done. */
  async tell(word: "unplug" | "plug" | "stop" | "go"): Promise<void> {
    const next = this.said.all.length;
    this.#child.stdin!.write(`${word}\n`);
    await this.said.at(next);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Network Events as Open Ephys answers it: word for word, one request after another. */
export class OpenEphysPeer implements Disposable {
  readonly requests = new Arrivals();
  /** What it does before it answers; null is no answer at all, and the socket's end. */
  beforeAnswer: (() => Promise<void>) | null = async () => {};
  answer = answerTo;
  readonly #socket = new Reply({ linger: 0 });
  #endpoint = "";

  /** On a free port, or where another one was. */
  static async open(endpoint = "tcp://127.0.0.1:*"): Promise<OpenEphysPeer> {
    const peer = new OpenEphysPeer();
    await peer.#socket.bind(endpoint);
    peer.#endpoint = peer.#socket.lastEndpoint ?? endpoint;
    void peer.#serve();
    return peer;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  async #serve(): Promise<void> {
    for await (const [request] of this.#socket) {
      this.requests.push({ what: String(request), atMs: monotonicMs() });
      if (this.beforeAnswer === null) return;
      await this.beforeAnswer();
      if (this.#socket.closed) return;
      await this.#socket.send(this.answer(String(request)));
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** The plugin's answer (its source at f064e04): lines from 1 to 256; what it does not know it passes on, and says so. */
export function answerTo(request: string): string {
  const [, line, state] = /^TTL Line=(\d+) State=([01])$/i.exec(request) ?? [];
  if (line === undefined) return "NotHandled";
  return Number(line) >= 1 && Number(line) <= 256 ? `TTLHandled: Line=${line} State=${state}` : "InvalidChannel";
}
