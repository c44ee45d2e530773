import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";

/** Viewers in a process of their own. */
export class Crowd implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when all of them are connected; `nice` stands for viewers that run elsewhere, and take nothing from the daemon's machine. */
  static async join(streamUrl: string, count: number, nice: number): Promise<Crowd> {
    const child = fork(new URL("./crowd.ts", import.meta.url), [streamUrl.replace("ws:", "http:"), String(count)]);
    setPriority(child.pid!, nice);
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) =>
        Promise.reject(new Error(`the crowd ended with ${code} before it was connected`)),
      ),
    ]);
    return new Crowd(child);
  }

  /** Messages that each of them got. */
  async received(): Promise<number[]> {
    this.#child.send("count");
    const [counts] = await once(this.#child, "message");
    return counts as number[];
  }

  /** Nothing is read any more, and the connections stay. */
  stopDead(): void {
    this.#child.kill("SIGSTOP");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
