import { type ChildProcess, execFileSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findUv } from "../../tools/uv.mjs";
import { spawnChild } from "../leftovers.ts";

const folder = import.meta.dirname;
/** A peer that says nothing for this long is stuck, ms. */
const PATIENCE_MS = 90_000;

/** `uv sync` of test/peers: real LSL libraries for Python, in an environment of their own. */
export function installPeers(): void {
  execFileSync(findUv(), ["sync", "--quiet", "--project", folder], { stdio: "inherit" });
}

export type Line = Record<string, unknown>;

/** test/peers/peer.py in a process of its own; it says JSON lines. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #lines: Line[] = [];
  readonly #waiting: { key: string; resolve: (line: Line) => void; reject: (error: Error) => void }[] = [];
  #errors = "";

  constructor(args: readonly string[]) {
    const python = join(folder, ".venv", "bin", "python");
    this.#child = spawnChild(python, [join(folder, "peer.py"), ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr?.on("data", (text) => {
      this.#errors += text;
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      if (line.startsWith("{")) this.#lines.push(JSON.parse(line));
      this.#settle();
    });
    this.#child.on("exit", (code) => {
      if (code === 0) return;
      for (const { reject } of this.#waiting.splice(0))
        reject(new Error(`peer.py ended with ${code}\n${this.#errors}`));
    });
  }

  /** The line that has this key, from those said and those to come. */
  said(key: string): Promise<Line> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(
        () => reject(new Error(`peer.py never said ${key}\n${this.#errors}`)),
        longPatienceMs(),
      );
      const wait = {
        key,
        resolve: (line: Line) => {
          clearTimeout(patience);
          resolve(line);
        },
        reject: (error: Error) => {
          clearTimeout(patience);
          reject(error);
        },
      };
      this.#waiting.push(wait);
      this.#settle();
    });
  }

  /** Ends it: an outlet stays open until then. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill();
    await exit;
  }

  /** As a crash does. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #settle(): void {
    for (const wait of [...this.#waiting]) {
      const line = this.#lines.find((said) => wait.key in said);
      if (line === undefined) continue;
      this.#waiting.splice(this.#waiting.indexOf(wait), 1);
      wait.resolve(line);
    }
  }
}

/** True for the long run: five minutes each instead of seconds. */
export const LONG = process.env.PHOSPHENE_LONG === "1";

function longPatienceMs(): number {
  return LONG ? 10 * 60_000 : PATIENCE_MS;
}
