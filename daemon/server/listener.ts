import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Refusals } from "./access/refusals.ts";
import type { TlsPair } from "./access/tls.ts";
import { plainAnswer, securityHeaders } from "./headers.ts";
import { addressOf } from "./lobby.ts";

/** How long an idle connection is kept for the next request, and how long an answer may make no progress, ms. */
const KEEP_ALIVE_MS = 5000;
const STALLED_MS = 30_000;

/** The HTTP(S) server under everything, with its clocks; `tls` null is plain HTTP. */
export function createListener(handler: RequestListener, tls: TlsPair | null, handshakeMs: number): Server {
  const clocks = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The lobby looks after first requests, more strictly; these are for those that follow on the same connection.
    headersTimeout: 2 * handshakeMs,
    requestTimeout: 2 * handshakeMs,
    connectionsCheckingInterval: handshakeMs,
  };
  const server =
    tls === null
      ? createHttpServer(clocks, handler)
      : createHttpsServer({ ...clocks, ...tls, handshakeTimeout: handshakeMs, minVersion: "TLSv1.2" }, handler);
  server.timeout = STALLED_MS;
  return server;
}

/** What is said to a connection that talks no HTTP, or too slowly. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  refusals: Refusals,
  isTls: boolean,
): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  refusals.add(isSlow ? "timeout" : "http", addressOf(socket));
  const status = isSlow ? 408 : error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  socket.end(plainAnswer(status, "expected a whole HTTP request", securityHeaders(isTls)), () => socket.destroy());
}
