import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { expected } from "../../src/errors.ts";
import { PROTOCOL } from "../../src/protocol/messages.ts";
import type { Names } from "./address.ts";
import type { Hub } from "./hub.ts";
import type { ServerOptions } from "./options.ts";

const PATH = "/v1/stream";
const CLOSE_INTERNAL = 1011;

export const REFUSALS = ["path", "host", "origin", "subprotocol", "viewers", "stopping"] as const;
/** How many upgrades were refused, by reason. */
export type RefusedCounts = Record<(typeof REFUSALS)[number], number>;

interface Refusal {
  reason: keyof RefusedCounts;
  status: number;
  problem: string;
}

export interface Doorkeeper {
  readonly refused: RefusedCounts;
  /** From now on everybody is refused with 503. */
  stop(): void;
  /** Handler of the HTTP server's `upgrade` event. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Decides which upgrades become viewers of `hub`. `names` is asked only after the server listens. */
export function createDoorkeeper(options: ServerOptions, hub: Hub, names: () => Names): Doorkeeper {
  const refused: RefusedCounts = { path: 0, host: 0, origin: 0, subprotocol: 0, viewers: 0, stopping: 0 };
  const sockets = createSocketServer(options.limits.maxMessageBytes);
  let stopping = false;
  return {
    refused,
    stop: () => {
      stopping = true;
    },
    onUpgrade(request, socket, head) {
      const refusal = stopping ? STOPPING : judge(request, names(), options.limits.maxViewers - hub.size);
      if (refusal !== null) {
        refused[refusal.reason] += 1;
        options.log.warn({ reason: refusal.reason, origin: request.headers.origin }, "viewer refused");
        return refuse(socket, refusal);
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        try {
          hub.add(webSocket, socket, "operator");
        } catch (error) {
          options.log.error({ error: String(error) }, "viewer not added");
          webSocket.close(CLOSE_INTERNAL);
        }
      });
    },
  };
}

const STOPPING: Refusal = { reason: "stopping", status: 503, problem: "the daemon is stopping" };

// ws sets TCP_NODELAY itself. Pings are answered by the viewer class, within its message rate.
function createSocketServer(maxPayload: number): WebSocketServer {
  return new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false, autoPong: false },
    maxPayload,
    handleProtocols: () => PROTOCOL,
  });
}

function judge(request: IncomingMessage, names: Names, placesLeft: number): Refusal | null {
  const { host, origin } = request.headers;
  const path = request.url?.split("?", 1)[0] ?? "";
  const offered = request.headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim()) ?? [];
  if (path !== PATH) return { reason: "path", status: 404, problem: expected("path", PATH, path) };
  if (!names.knowsHost(host)) return { reason: "host", status: 403, problem: expected("Host", "this daemon", host) };
  if (!names.knowsOrigin(origin)) {
    return { reason: "origin", status: 403, problem: expected("Origin", "a page of this daemon", origin) };
  }
  if (!offered.includes(PROTOCOL)) {
    return {
      reason: "subprotocol",
      status: 400,
      problem: expected("Sec-WebSocket-Protocol", PROTOCOL, offered.join()),
    };
  }
  if (placesLeft > 0) return null;
  return { reason: "viewers", status: 503, problem: "there are as many viewers as server.maxViewers allows" };
}

function refuse(socket: Duplex, { status, problem }: Refusal): void {
  const body = `${problem}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.on("error", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
