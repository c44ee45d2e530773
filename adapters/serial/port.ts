import { readSync, writeSync } from "node:fs";
import { LinuxBinding, type LinuxPortBinding } from "@serialport/bindings-cpp";

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 4_000;

export interface SerialOptions {
  readonly path: string;
  readonly baudRate: number;
  /** RTS and DTR are outputs: low from the moment that the device is opened, which the kernel does with both high. */
  readonly signals: boolean;
  readonly onState: (state: SerialState, detail: string) => void;
}

export type SerialState = "connecting" | "connected" | "lost";

/**
 * A serial device, opened for us alone and again when it is lost (first after 250 ms, then half as often, up to 4 s). Bytes are written with
 * a plain write(2) on the device's non-blocking descriptor: one that its driver does not take at once is an error, never a wait.
 */
export class SerialPort {
  readonly #options: SerialOptions;
  readonly #trash = Buffer.alloc(256);
  #port: LinuxPortBinding | null = null;
  #state: SerialState = "connecting";
  #reopens = 0;
  #retryMs = FIRST_RETRY_MS;
  #timer: NodeJS.Timeout | undefined;
  #opening: Promise<void>;
  #signals = { rts: false, dtr: false };
  #closed = false;

  constructor(options: SerialOptions) {
    this.#options = options;
    this.#opening = this.#open();
  }

  get state(): SerialState {
    return this.#state;
  }

  /** How often it was opened after it had been lost. */
  get reopens(): number {
    return this.#reopens;
  }

  /** Throws when the device is not open, is gone, or takes nothing now. */
  write(byte: number): void {
    const { fd } = this.#opened();
    if (fd === null) throw new Error("the device is closed");
    try {
      if (writeSync(fd, Uint8Array.of(byte)) !== 1) throw new Error("the device took nothing");
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "EAGAIN") this.#lose(`write: ${String(error)}`);
      throw error;
    }
  }

  /** Sets one of the signals, on a thread: a USB adapter takes its time. */
  async signal(line: "rts" | "dtr", high: boolean): Promise<void> {
    const port = this.#opened();
    this.#signals = { ...this.#signals, [line]: high };
    await port.set(this.#signals);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#opening;
    const port = this.#port;
    this.#port = null;
    await port?.close();
  }

  #opened(): LinuxPortBinding {
    if (this.#port === null) throw new Error("the device is not open");
    return this.#port;
  }

  async #open(): Promise<void> {
    const { path, baudRate, signals } = this.#options;
    try {
      const port = await LinuxBinding.open({ path, baudRate, hupcl: true });
      this.#signals = { rts: false, dtr: false };
      if (signals)
        await port.set(this.#signals).catch(async (error) => {
          await port.close();
          throw error;
        });
      this.#port = port;
      this.#watch(port);
      if (this.#state === "lost") this.#reopens++;
      this.#retryMs = FIRST_RETRY_MS;
      this.#say("connected", path);
    } catch (error) {
      this.#say("lost", String(error));
      this.#retry();
    }
  }

  /** What the device says is thrown away; its end is how its loss is noticed before the next trigger. */
  #watch(port: LinuxPortBinding): void {
    port.poller.once("readable", () => {
      if (port !== this.#port || port.fd === null) return;
      try {
        if (readSync(port.fd, this.#trash) === 0) return this.#lose("the device hung up");
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        if (code !== "EAGAIN") return this.#lose(`read: ${String(error)}`);
      }
      this.#watch(port);
    });
  }

  #lose(detail: string): void {
    const port = this.#port;
    if (port === null) return;
    this.#port = null;
    this.#say("lost", detail);
    port.close().catch(() => {});
    this.#retry();
  }

  #retry(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#opening = this.#open();
    }, this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  #say(state: SerialState, detail: string): void {
    const before = this.#state;
    this.#state = state;
    if (before !== state) this.#options.onState(state, detail);
  }
}
