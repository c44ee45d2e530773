import type { FileHandle } from "node:fs/promises";
import { openPrivateLog } from "./private-file.ts";

const PURPOSE = { key: "access.log", code: "ACCESS_LOG_UNWRITABLE" } as const;
/** Lines that wait for the disk; more are lost, and counted. */
const DEEPEST = 4096;

/** What somebody did. `who` is a token's name, `local` without tokens, or an address. */
export interface Action {
  readonly who: string;
  readonly what: string;
  readonly [detail: string]: unknown;
}

export interface ActionLogOptions {
  /** Told when lines begin to be lost, and when they are written again. */
  readonly onTrouble: (problem: string) => void;
  /** For tests: a file that fails. */
  readonly open?: (path: string) => Promise<Appended>;
}

type Appended = Pick<FileHandle, "appendFile" | "datasync" | "close">;

/** Appends actions to a private file, a JSON object a line, flushed. Never throws and never waits: what cannot be written is counted. */
export class ActionLog {
  readonly counts = { written: 0, lost: 0 };
  readonly #path: string;
  readonly #options: ActionLogOptions;
  #file: Appended;
  #lines: string[] = [];
  #writing: Promise<void> | null = null;
  #reopen = false;
  #isFailing = false;

  private constructor(path: string, file: Appended, options: ActionLogOptions) {
    this.#path = path;
    this.#file = file;
    this.#options = options;
  }

  /** Throws ACCESS_LOG_UNWRITABLE when the file cannot be opened or others may read it. */
  static async open(path: string, options: ActionLogOptions): Promise<ActionLog> {
    const open = options.open ?? ((file: string) => openPrivateLog(file, PURPOSE));
    return new ActionLog(path, await open(path), { ...options, open });
  }

  add(action: Action): void {
    if (this.#lines.length >= DEEPEST) {
      this.counts.lost += 1;
      return;
    }
    this.#lines.push(JSON.stringify({ at: new Date().toISOString(), ...action }));
    this.#writing ??= this.#write();
  }

  /** The file was moved away (logrotate): from now on into a new one. */
  reopen(): void {
    this.#reopen = true;
    this.#writing ??= this.#write();
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    await this.#file.close().catch(() => {});
  }

  async #write(): Promise<void> {
    // What is said within one turn of the loop is one write.
    await Promise.resolve();
    while (this.#lines.length > 0 || this.#reopen) {
      const lines = this.#lines;
      this.#lines = [];
      try {
        if (this.#reopen) await this.#openAgain();
        await this.#file.appendFile(lines.map((line) => `${line}\n`).join(""));
        await this.#file.datasync();
        this.counts.written += lines.length;
        if (this.#isFailing)
          this.#options.onTrouble(`${this.#path} is written again; ${this.counts.lost} lines were lost`);
        this.#isFailing = false;
      } catch (error) {
        this.#lose(lines.length, error);
      }
    }
    this.#writing = null;
  }

  async #openAgain(): Promise<void> {
    this.#reopen = false;
    const file = await this.#options.open!(this.#path);
    await this.#file.close().catch(() => {});
    this.#file = file;
  }

  #lose(count: number, error: unknown): void {
    this.counts.lost += count;
    if (!this.#isFailing) this.#options.onTrouble(`${this.#path} cannot be written: ${String(error)}`);
    this.#isFailing = true;
  }
}
