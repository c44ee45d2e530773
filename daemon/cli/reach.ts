import type { Config } from "../../src/config.ts";
import { expected, PhospheneError } from "../../src/errors.ts";
import { readPrivate } from "../server/access/private-file.ts";
import { authority } from "../server/address.ts";
import { loadConfig } from "./options.ts";

/** How a command finds a running daemon. */
export interface ReachOptions {
  readonly config?: string;
  readonly url?: string;
  readonly tokenFile?: string;
}

export interface Reached {
  readonly url: string;
  readonly token: string | null;
}

/** The address and the token that the options say. */
export async function reach({ config, url, tokenFile }: ReachOptions): Promise<Reached> {
  return { url: url ?? urlOf((await loadConfig(config)).server), token: await tokenIn(tokenFile) };
}

function urlOf({ host, port, tls }: Config["server"]): string {
  return `${tls === null ? "http" : "https"}://${authority(host, port)}`;
}

/** Not from the command line or the environment, which others can read. */
async function tokenIn(path: string | undefined): Promise<string | null> {
  return path === undefined ? null : (await readPrivate(path, { key: "--token-file", code: "TOKENS_INVALID" })).trim();
}

/** What a running daemon answers to GET of `path`. Throws DAEMON_UNAVAILABLE when none answers there. */
export async function get({ url, token }: Reached, path: string): Promise<unknown> {
  return ask(new URL(path, url), token).catch((cause: unknown) => {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new PhospheneError("DAEMON_UNAVAILABLE", expected(url, "a running daemon", reason), { cause });
  });
}

async function ask(url: URL, token: string | null): Promise<unknown> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(10_000),
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
  if (response.status === 401) throw new Error("the daemon asks for a token: give it with --token-file");
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}
