import { STATUS_CODES } from "node:http";

/**
 * Headers of every answer. `host` is the `Host` of the request once it is known to be ours: 'self' covers the stream in current
 * browsers, older ones want the scheme spelt out.
 */
export function securityHeaders(isTls: boolean, host: string | null = null): Record<string, string> {
  const stream = host === null ? "" : ` ${isTls ? "wss" : "ws"}://${host}`;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' blob:",
    `connect-src 'self'${stream}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "content-security-policy": policy.join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
  };
}

/** What an answer without a token says. A browser shows no window for `Bearer`. */
export const ASK_FOR_TOKEN = { "www-authenticate": 'Bearer realm="phosphene"' } as const;

/** A whole answer of one sentence, for connections that the HTTP server has given up; the connection is to be closed after it. */
export function plainAnswer(status: number, problem: string, headers: Record<string, string>): string {
  const body = `${problem}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "connection: close",
    "content-type: text/plain; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
