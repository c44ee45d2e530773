import { isIPv6 } from "node:net";
import { ERRORS, expected, PhospheneError } from "../../src/errors.ts";

const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** Throws ADDRESS_NOT_LOOPBACK when others than this machine could reach `host`. */
export function requireLoopback(host: string): void {
  if (LOOPBACK.test(host)) return;
  const wanted = "a loopback address (127.0.0.1, localhost or ::1), because viewers are not authenticated";
  throw new PhospheneError("ADDRESS_NOT_LOOPBACK", expected("server.host", wanted, host));
}

/** The error of `listen` as a user can act on it. */
export function listenError(error: unknown, host: string, port: number): unknown {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") return error;
  const hint = "stop it (another phosphene?) or choose another server.port; 0 takes any free one";
  return new PhospheneError("ADDRESS_IN_USE", `${authority(host, port)}: ${ERRORS.ADDRESS_IN_USE}: ${hint}`, {
    cause: error,
  });
}

export interface Names {
  /** A `Host` header by which a browser may have come here: anything else is DNS rebinding. */
  knowsHost(host: string | undefined): boolean;
  /** An `Origin` of our own pages, or none (not a browser). */
  knowsOrigin(origin: string | undefined): boolean;
}

/** The names of a server that listens on `host` and `port`. */
export function namesOf(host: string, port: number): Names {
  const hosts = new Set([host, "127.0.0.1", "localhost", "::1"].map((name) => authority(name, port)));
  if (port === 80) for (const name of [...hosts]) hosts.add(name.slice(0, -":80".length));
  const origins = new Set([...hosts].map((name) => `http://${name}`));
  return {
    knowsHost: (name) => name !== undefined && hosts.has(name.toLowerCase()),
    knowsOrigin: (origin) => origin === undefined || origins.has(origin.toLowerCase()),
  };
}

function authority(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
