// The viewer of `bench/peers`, the same for every system: stamps each output as it arrives, before it is parsed, and keeps some for the comparison.
import { once } from "node:events";
import { unpack } from "msgpackr";
import { WebSocket } from "ws";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { encodeClient } from "../../src/protocol/encode.ts";
import { PROTOCOL } from "../../src/protocol/messages.ts";
import { parseServerMessage } from "../../src/protocol/parse.ts";

/** `phosphene`: our protocol; `websocket`, `zeromq`: maps { endS, mu, image } in MessagePack. With `zeromq` the client binds and the system connects. */
export type Transport = "phosphene" | "websocket" | "zeromq";

export interface ClientRequest {
  readonly transport: Transport;
  readonly address: string;
  readonly widthMs: number;
  /** The output of every so many bins is kept. */
  readonly keepEvery: number;
  /** Of the sampler, of systems that do not say. */
  readonly steps: number;
}

export interface Kept {
  readonly bin: number;
  /** base64 of little-endian float32, and of RGB bytes. */
  readonly mu: string;
  readonly image: string;
  readonly steps: number;
}

export interface ClientReport {
  /** Number of the output's newest bin, and when it came (monotonic ms); in the order of arrival. */
  readonly bins: readonly number[];
  readonly atMs: readonly number[];
  readonly kept: readonly Kept[];
}

interface Output {
  readonly endS: number;
  readonly mu: Uint8Array;
  readonly image: Uint8Array;
  readonly steps?: number;
}

const report = { bins: [] as number[], atMs: [] as number[], kept: [] as Kept[] };

process.once("message", async (request: ClientRequest) => {
  const take = (atMs: number, output: Output | null) => {
    if (output !== null) add(request, atMs, output);
  };
  await ({ phosphene, websocket, zeromq }[request.transport] ?? websocket)(request.address, take);
  process.send?.("connected");
  process.on("message", (message) => {
    if (message === "count") process.send?.(report.bins.length);
    else process.send?.(report, () => process.exit());
  });
});

function add(request: ClientRequest, atMs: number, { endS, mu, image, steps = request.steps }: Output): void {
  const { widthMs, keepEvery } = request;
  const bin = Math.round((endS * 1000) / widthMs) - 1;
  report.bins.push(bin);
  report.atMs.push(atMs);
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  if (bin % keepEvery === 0) report.kept.push({ bin, mu: base64(mu), image: base64(image), steps });
}

type Take = (atMs: number, output: Output | null) => void;

/** No compression: none of the systems gains by it on one machine, and a peer's library would do it by default if a client offered it. */
async function open(url: string, take: Take, parse: (data: Buffer) => Output | null, protocol?: string) {
  const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], { perMessageDeflate: false });
  socket.on("message", (data: Buffer) => {
    const atMs = monotonicMs();
    take(atMs, parse(data));
  });
  await once(socket, "open");
  return socket;
}

async function phosphene(url: string, take: Take): Promise<void> {
  const parse = (data: Buffer): Output | null => {
    const parsed = parseServerMessage(new Uint8Array(data));
    if (!parsed.ok) throw new Error(parsed.problem);
    const { message } = parsed;
    if (message.type !== "frame") return null;
    return { endS: message.sourceS[1], mu: message.mu, image: message.image, steps: message.steps };
  };
  const socket = await open(url, take, parse, PROTOCOL);
  socket.send(encodeClient("subscribe", { topics: ["frame"] }));
}

async function websocket(url: string, take: Take): Promise<void> {
  await open(url, take, unpack);
}

async function zeromq(address: string, take: Take): Promise<void> {
  const { Subscriber } = await import("zeromq");
  const subscriber = new Subscriber({ receiveHighWaterMark: 0 });
  await subscriber.bind(address);
  subscriber.subscribe();
  const read = async () => {
    for await (const [, message] of subscriber) {
      const atMs = monotonicMs();
      take(atMs, unpack(message!));
    }
  };
  void read();
}
