// Somebody without a token who wants the daemon to stop decoding. A process of its own: node attacker.ts HOST PORT; phases come as messages.
import { connect, type Socket } from "node:net";
import { handshake } from "../fanout/wire.ts";

/** What to do: keep up to `most` connections of these kinds open, and open at most `perSecond`. The message "end" ends it. */
export interface Orders {
  readonly kinds: readonly Kind[];
  readonly most: number;
  readonly perSecond: number;
}
export type Kind = "silent" | "slow" | "upgrade" | "status" | "garbage";

/** How it ended, when nothing of it is left. */
export interface Deeds {
  readonly opened: number;
  /** Ended by the daemon: each of these it must have counted as refused, once. */
  readonly ended: number;
  /** Not even accepted. */
  readonly failed: number;
}

const TICK_MS = 10;
const [host = "", port = ""] = process.argv.slice(2);
const url = new URL(`http://${host}:${port}/v1/stream`);
const FIRST: Record<Kind, string | Uint8Array> = {
  silent: "",
  slow: `GET /v1/stream HTTP/1.1\r\nHost: ${url.host}\r\nX-A: `,
  upgrade: handshake(url).replace("phosphene.v1", `phosphene.v1, phosphene.token.${"A".repeat(43)}`),
  status: `GET /status HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`,
  garbage: Uint8Array.from({ length: 600 }, (_, i) => (i * 131 + 7) % 256),
};

class Attack {
  readonly #orders: Orders;
  readonly #open = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  readonly #count = { opened: 0, ended: 0, failed: 0 };
  readonly #givenUp = new WeakSet<Socket>();
  #onEmpty: () => void = () => {};

  constructor(orders: Orders) {
    this.#orders = orders;
    const startedMs = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedMs) / 1000) * orders.perSecond;
      while (this.#count.opened < due && this.#open.size < orders.most) this.#begin();
    }, TICK_MS);
  }

  #begin(): void {
    const { kinds } = this.#orders;
    const kind = kinds[this.#count.opened++ % kinds.length]!;
    const socket = connect({ host: url.hostname, port: Number(url.port) });
    let connected = false;
    const drip = kind === "slow" ? setInterval(() => socket.write("a"), 500) : undefined;
    this.#open.add(socket);
    socket.on("error", () => {});
    socket.once("connect", () => {
      connected = true;
      if (FIRST[kind].length > 0) socket.write(FIRST[kind]);
    });
    socket.on("data", () => {});
    socket.on("end", () => socket.destroy());
    socket.once("close", () => {
      clearInterval(drip);
      this.#open.delete(socket);
      if (!connected) this.#count.failed++;
      else if (!this.#givenUp.has(socket)) this.#count.ended++;
      if (this.#open.size === 0) this.#onEmpty();
    });
  }

  /** Opens no more; those that would wait for ever are given up, the others are answered first. */
  async end(): Promise<Deeds> {
    clearInterval(this.#timer);
    if (this.#orders.kinds.some((kind) => kind === "silent" || kind === "slow"))
      for (const socket of this.#open) {
        this.#givenUp.add(socket);
        socket.destroy();
      }
    if (this.#open.size > 0)
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    return this.#count;
  }
}

let attack: Attack | null = null;
process.on("disconnect", () => process.exit(0));
process.on("message", async (orders: Orders | "end") => {
  if (orders !== "end") attack = new Attack(orders);
  else process.send?.(await attack?.end());
});
process.send?.("ready");
