import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { expected } from "../../src/errors.ts";
import { PROTOCOL } from "../../src/protocol/messages.ts";
import type { Access, Grant } from "./access/access.ts";
import type { Refusal } from "./access/refusals.ts";
import { isLoopback, type Names } from "./address.ts";
import { ASK_FOR_TOKEN, plainAnswer, securityHeaders } from "./headers.ts";
import type { Hub } from "./hub.ts";
import { addressOf, type Lobby } from "./lobby.ts";
import type { ServerOptions } from "./options.ts";

const PATH = "/v1/stream";
const CLOSE_INTERNAL = 1011;
/** Viewers of one address beyond this machine, where the configuration does not say. */
const PER_ADDRESS = 64;

interface Problem {
  reason: Refusal;
  status: number;
  problem: string;
}

/** What decides over an upgrade. `names` is asked only after the server listens. */
export interface DoorContext {
  options: ServerOptions;
  access: Access;
  hub: Hub;
  lobby: Lobby;
  names: () => Names;
  isTls: boolean;
}

export interface Doorkeeper {
  /** From now on everybody is refused with 503. */
  stop(): void;
  /** Handler of the HTTP server's `upgrade` event. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Decides which upgrades become viewers of the hub. */
export function createDoorkeeper(context: DoorContext): Doorkeeper {
  const { options, access, hub, lobby, isTls } = context;
  const sockets = createSocketServer(options.limits.maxMessageBytes);
  // A handshake that is none, such as one without a key.
  sockets.on("wsClientError", (error, socket, request) => {
    access.refusals.add("http", addressOf(request.socket));
    refuse(socket, { reason: "http", status: 400, problem: error.message }, isTls);
  });
  let stopping = false;
  return {
    stop: () => {
      stopping = true;
    },
    onUpgrade(request, socket, head) {
      const address = addressOf(request.socket);
      const verdict = stopping ? STOPPING : judge(request, address, context);
      if ("reason" in verdict) {
        access.refusals.add(verdict.reason, address);
        // Stays in the lobby until it is closed: one that does not read its answer is cut off like one that is silent.
        return refuse(socket, verdict, isTls);
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        lobby.leave(request.socket);
        try {
          hub.add(webSocket, socket, { ...verdict, address });
        } catch (error) {
          options.log.error({ error: String(error) }, "viewer not added");
          webSocket.close(CLOSE_INTERNAL);
        }
      });
    },
  };
}

const STOPPING: Problem = { reason: "stopping", status: 503, problem: "the daemon is stopping" };

// ws sets TCP_NODELAY itself. Pings are answered by the viewer class, within its message rate.
function createSocketServer(maxPayload: number): WebSocketServer {
  return new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false, autoPong: false },
    maxPayload,
    handleProtocols: () => PROTOCOL,
  });
}

function judge(request: IncomingMessage, address: string, context: DoorContext): Problem | { grant: Grant } {
  const problem = judgeRequest(request, context.names());
  if (problem !== null) return problem;
  const grant = context.access.grant(request.headers);
  if (grant === null) return { reason: "token", status: 401, problem: "expected a token: docs/security.md" };
  return judgeRoom(address, context) ?? { grant };
}

function judgeRequest(request: IncomingMessage, names: Names): Problem | null {
  const { host, origin } = request.headers;
  const asked = { host, localAddress: request.socket.localAddress };
  const path = request.url?.split("?", 1)[0] ?? "";
  const offered = request.headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim()) ?? [];
  if (path !== PATH) return { reason: "path", status: 404, problem: expected("path", PATH, path) };
  if (!names.knowsHost(asked)) return { reason: "host", status: 403, problem: expected("Host", "this daemon", host) };
  if (!names.knowsOrigin(origin, asked))
    return { reason: "origin", status: 403, problem: expected("Origin", "a page of this daemon", origin) };
  if (offered.includes(PROTOCOL)) return null;
  const problem = `Sec-WebSocket-Protocol: expected ${PROTOCOL} among those that are offered`;
  return { reason: "subprotocol", status: 400, problem };
}

function judgeRoom(address: string, { options, hub }: DoorContext): Problem | null {
  const { maxViewers, maxPerAddress } = options.limits;
  if (hub.size >= maxViewers)
    return { reason: "viewers", status: 503, problem: "there are as many viewers as server.maxViewers allows" };
  const most = maxPerAddress ?? (isLoopback(address) ? maxViewers : PER_ADDRESS);
  if (hub.countOf(address) < most) return null;
  const problem = "there are as many viewers of this address as server.maxPerAddress allows";
  return { reason: "address", status: 503, problem };
}

function refuse(socket: Duplex, { reason, status, problem }: Problem, isTls: boolean): void {
  const headers = { ...securityHeaders(isTls), ...(reason === "token" && ASK_FOR_TOKEN) };
  socket.on("error", () => socket.destroy());
  socket.end(plainAnswer(status, problem, headers));
}
