import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export const ROLES = ["viewer", "operator"] as const;
/** A viewer watches; an operator also steers, notes events and shows pictures. */
export type Role = (typeof ROLES)[number];

/** A line of the token file. The token itself is kept nowhere. */
export interface Token {
  /** Who has it: stands in the log of actions. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token's text. Tokens are 256 random bits, so that a slow hash would protect nothing. */
  readonly sha256: Buffer;
}

const TOKEN_BYTES = 32;
/** Where a browser, which cannot set headers of a WebSocket, carries its token. */
export const TOKEN_PROTOCOL = "phosphene.token.";
/** Longer texts are no tokens of ours, and are not hashed. */
const LONGEST = 256;

/** A new token: 43 characters of base64url. */
export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** Whose token it is, or null. Compares with every token, in a time that tells nothing of how much fits. */
export function holderOf(tokens: readonly Token[], presented: string): Token | null {
  if (presented.length > LONGEST) return null;
  const hash = hashToken(presented);
  let holder: Token | null = null;
  for (const token of tokens) if (timingSafeEqual(token.sha256, hash)) holder = token;
  return holder;
}

/** The token that a request carries: `Authorization: Bearer T`, or the WebSocket subprotocol `phosphene.token.T`. */
export function presentedToken(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return bearer;
  const offered = headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim()) ?? [];
  return offered.find((name) => name.startsWith(TOKEN_PROTOCOL))?.slice(TOKEN_PROTOCOL.length) ?? null;
}
