import { isIPv6 } from "node:net";
import { hostname } from "node:os";
import { ERRORS, expected, PhospheneError } from "../../src/errors.ts";

const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** Whether only this machine reaches `host`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Throws ADDRESS_NOT_LOOPBACK when others than this machine could reach `host` and nobody asks them for a token. */
export function requireGuard(host: string, isGuarded: boolean): void {
  if (isGuarded || isLoopback(host)) return;
  const wanted = "a loopback address (127.0.0.1, localhost or ::1) as long as access.tokensFile is null";
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

/** What a request says of where it was sent to, and `localAddress`, where it arrived. */
interface Asked {
  host: string | undefined;
  localAddress: string | undefined;
}

export interface Names {
  /** A `Host` header by which a browser may have come here: anything else is DNS rebinding. */
  knowsHost(asked: Asked): boolean;
  /** An `Origin` of our own pages or of those that the configuration names, or none (not a browser). */
  knowsOrigin(origin: string | undefined, asked: Asked): boolean;
}

export interface Reached {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Origins of others' pages. The daemon may be reached by their host names too. */
  readonly origins: readonly string[];
}

/** The names of a server that listens on `host` and `port`. */
export function namesOf({ host, port, isTls, origins }: Reached): Names {
  const scheme = isTls ? "https" : "http";
  const own = isLoopback(host) ? [] : [hostname()];
  const hosts = new Set(
    [host, "127.0.0.1", "localhost", "::1", ...own].map((name) => authority(name, port).toLowerCase()),
  );
  if (port === (isTls ? 443 : 80)) for (const name of [...hosts]) hosts.add(name.replace(/:\d+$/, ""));
  const others = new Set(origins);
  const otherHosts = new Set(origins.map((origin) => new URL(origin).host));
  // An address in numbers cannot be rebound: it is ours when the connection came in by it.
  const isOwn = ({ host: name, localAddress }: Asked) =>
    name !== undefined &&
    (hosts.has(name.toLowerCase()) ||
      name.toLowerCase() === authority(localAddress?.replace(/^::ffff:/, "") ?? "", port));
  return {
    knowsHost: (asked) => isOwn(asked) || otherHosts.has(asked.host?.toLowerCase() ?? ""),
    knowsOrigin: (origin, { localAddress }) => {
      const name = origin?.toLowerCase();
      if (name === undefined || others.has(name)) return true;
      return name.startsWith(`${scheme}://`) && isOwn({ host: name.slice(scheme.length + 3), localAddress });
    },
  };
}

/** `host:port` as URLs have it. */
export function authority(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
