import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { expected, PhospheneError } from "../../../src/errors.ts";
import { readPrivate } from "./private-file.ts";

const PURPOSE = { key: "server.tls.key", code: "TLS_INVALID" } as const;

/** Paths of a certificate (with its chain) and its key, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** Reads both and sees that they belong together. Throws TLS_INVALID; never says anything of the key. */
export async function readTls(files: TlsFiles): Promise<TlsPair> {
  const key = await readPrivate(files.key, PURPOSE);
  const cert = await readFile(files.cert, "utf8").catch((cause: unknown) => {
    throw new PhospheneError(
      "TLS_INVALID",
      `server.tls.cert: ${expected(files.cert, "a readable file", codeOf(cause))}`,
    );
  });
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const wanted = `the key of ${files.cert}, both in PEM`;
    throw new PhospheneError("TLS_INVALID", `server.tls: ${expected(files.key, wanted, codeOf(error))}`);
  }
  return { cert, key };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "something else";
}
