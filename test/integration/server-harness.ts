import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { onTestFinished } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { createServer, type PhospheneServer, type ServerOptions } from "../../daemon/server/index.ts";
import { encodeClient } from "../../src/protocol/encode.ts";
import type { ClientBodies, FrameBody, ServerMessage } from "../../src/protocol/messages.ts";
import { parseServerMessage } from "../../src/protocol/parse.ts";
import { SERVER } from "../golden/protocol-messages.ts";

type Entry = { fields: object; message: string };

export const LIMITS: ServerOptions["limits"] = {
  ...{ maxViewers: 16, maxPerAddress: null, maxWaiting: 64, handshakeMs: 5000 },
  ...{ maxMessageBytes: 65_536, messagesPerSecond: 200 },
};

/** What does nothing, and says that it is done. */
export const COMMANDS: ServerOptions["commands"] = {
  steer: () => {},
  event: (_, atMs) => ({ n: 0, atMs: atMs ?? 0 }),
  present: async () => "live-0",
  switch: async () => {},
  adapt: () => {},
};

/** A server on a free port, closed at the end of the test, and what it logged. */
export async function startServer(overrides: Partial<ServerOptions> = {}) {
  const logged: Entry[] = [];
  const watchers = new Set<(entry: Entry) => void>();
  const write = (fields: object, message: string) => {
    logged.push({ fields, message });
    for (const watch of watchers) watch({ fields, message });
  };
  const options: ServerOptions = {
    ...{ host: "127.0.0.1", port: 0, viewerDir: null, stimuliDir: null },
    limits: LIMITS,
    hello: () => SERVER.hello,
    status: (): typeof SERVER.status => ({ ...SERVER.status, ...server.viewers() }),
    trace: () => ({ nowMs: 0, originMs: 0, session: "", widthMs: 20, ledger: SERVER.status.ledger, bins: [] }),
    ready: () => true,
    now: () => performance.now(),
    log: { info: write, warn: write, debug: write, error: write },
    commands: COMMANDS,
    onShown: () => {},
    ...overrides,
  };
  const server: PhospheneServer = await createServer(options);
  onTestFinished(() => server.close());
  /** Resolves at the next log entry with this message. */
  const nextLog = (message: string) =>
    new Promise<Entry>((resolve) => watchers.add((entry) => entry.message === message && resolve(entry)));
  return { server, nextLog, url: `http://127.0.0.1:${server.address.port}` };
}

/** A viewer that keeps what it gets until it is asked for. */
export class TestViewer {
  readonly socket: WebSocket;
  readonly received: ServerMessage[] = [];
  readonly closed: Promise<number>;
  #wake: () => void = () => {};
  #taken = 0;

  constructor(url: string, protocol: string | string[] = "phosphene.v1", options: ClientOptions = {}) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`, protocol, options);
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket.on("error", () => {});
    this.socket.on("message", (data: Buffer) => {
      const parsed = parseServerMessage(data);
      if (!parsed.ok) throw new Error(parsed.problem);
      this.received.push(parsed.message);
      this.#wake();
    });
    onTestFinished(() => this.socket.terminate());
  }

  /** The next message of this type; messages of other types before it are passed over. */
  async next<T extends ServerMessage["type"]>(type: T): Promise<ServerMessage & { type: T }> {
    for (;;) {
      const message = this.received[this.#taken];
      if (message === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else this.#taken += 1;
      if (message !== undefined && hasType(message, type)) return message;
    }
  }

  say<T extends keyof ClientBodies>(type: T, body: ClientBodies[T]): void {
    this.socket.send(encodeClient(type, body));
  }

  /** Subscribes, and waits until the server has read it. */
  async subscribe(...topics: ClientBodies["subscribe"]["topics"]): Promise<void> {
    this.say("subscribe", { topics });
    this.say("ping", { id: 0 });
    await this.next("pong");
  }
}

function hasType<T extends ServerMessage["type"]>(
  message: ServerMessage,
  type: T,
): message is ServerMessage & { type: T } {
  return message.type === type;
}

/** A viewer that has had its hello and is subscribed. */
export async function connect(url: string, ...topics: ClientBodies["subscribe"]["topics"]): Promise<TestViewer> {
  const viewer = new TestViewer(url);
  await viewer.next("hello");
  await viewer.subscribe(...topics);
  return viewer;
}

/** HTTP status with which an upgrade is refused. */
export async function refusedWith(
  url: string,
  protocol: string,
  options: ClientOptions,
  path = "/v1/stream",
): Promise<number> {
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, protocol, options);
  socket.on("error", () => {});
  const [, response]: [unknown, IncomingMessage] = await once(socket, "unexpected-response").then(([a, b]) => [a, b]);
  socket.terminate();
  return response.statusCode ?? 0;
}

/** GET without the clean-up that `fetch` does to paths and headers. */
export async function rawGet(url: string, path: string, headers: Record<string, string> = {}) {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path, headers, agent: false }).end();
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (!response) throw new Error("no response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

/** A frame with a picture of `bytes` bytes. */
export function makeFrame(seq: number, bytes = 12_288): FrameBody {
  return { ...SERVER.frame, seq, image: new Uint8Array(bytes), stamps: { ...SERVER.frame.stamps, written: 0 } };
}
