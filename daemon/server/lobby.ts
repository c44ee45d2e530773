import type { Server } from "node:http";
import type { Socket } from "node:net";

interface Visitor {
  readonly socket: Socket;
  readonly late: NodeJS.Timeout;
}

/** What identifies a connection on both sides of TLS. */
type Ends = Pick<Socket, "remoteAddress" | "remotePort">;

export interface LobbyOptions {
  /** Connections that are no viewers; more push out the one that has waited longest, those first that asked for nothing yet. */
  maxWaiting: number;
  /** How long a connection may take to its first whole request, TLS included, ms. */
  handshakeMs: number;
  onPushedOut: (reason: "timeout" | "crowded", address: string) => void;
}

/** Connections that are no viewers: slow or silent ones take neither memory without bound nor the place of others. */
export class Lobby {
  readonly #options: LobbyOptions;
  /** Asked for nothing yet; oldest first. */
  readonly #silent = new Map<string, Visitor>();
  /** Asked for something and were answered; oldest first. */
  readonly #served = new Map<string, Visitor>();

  /** Listens to a server that does not listen yet. */
  constructor(server: Server, options: LobbyOptions) {
    this.#options = options;
    server.on("connection", (socket) => this.#enter(socket));
    server.prependListener("request", ({ socket }) => this.served(socket));
  }

  get size(): number {
    return this.#silent.size + this.#served.size;
  }

  /** The connection has made a request: from now on it is known to be slow by other clocks. */
  served(ends: Ends): void {
    const key = keyOf(ends);
    const visitor = this.#take(key);
    if (visitor !== undefined) this.#served.set(key, visitor);
  }

  /** The connection has become a viewer. */
  leave(ends: Ends): void {
    this.#take(keyOf(ends));
  }

  #enter(socket: Socket): void {
    const key = keyOf(socket);
    const { handshakeMs, maxWaiting, onPushedOut } = this.#options;
    const out = (reason: "timeout" | "crowded", visitor: Visitor) => {
      onPushedOut(reason, addressOf(visitor.socket));
      visitor.socket.destroy();
    };
    const late = setTimeout(() => this.#take(key) && out("timeout", visitor), handshakeMs).unref();
    const visitor = { socket, late };
    this.#silent.set(key, visitor);
    // The next connection from the same port may be here before this one is said to be gone.
    socket.once("close", () => this.#of(key) === visitor && this.#take(key));
    if (this.size <= maxWaiting) return;
    const [oldest] = this.#silent.size > 1 ? this.#silent.keys() : this.#served.keys();
    const pushed = this.#take(oldest ?? key);
    if (pushed !== undefined) out("crowded", pushed);
  }

  #of(key: string): Visitor | undefined {
    return this.#silent.get(key) ?? this.#served.get(key);
  }

  #take(key: string): Visitor | undefined {
    const visitor = this.#of(key);
    if (visitor !== undefined) clearTimeout(visitor.late);
    this.#silent.delete(key);
    this.#served.delete(key);
    return visitor;
  }
}

function keyOf({ remoteAddress, remotePort }: Ends): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Address of the other end; IPv4 as such where a socket for both kinds wrote it as IPv6. */
export function addressOf({ remoteAddress }: Pick<Socket, "remoteAddress">): string {
  return remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "") ?? "unknown";
}
