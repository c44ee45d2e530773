import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { expected, PhospheneError } from "../../src/errors.ts";

const key = z.string().regex(/^[!-~]{40}$/, "a CURVE key of 40 characters (Z85)");

/** Encrypts and authenticates the connection (ZeroMQ CURVE). Unset: plain. */
export const curveOptions = z
  .strictObject({
    /** Public key of the peer. */
    serverKey: key,
    /** Public key of ours, which the peer knows. */
    publicKey: key,
    /** File with the secret key that belongs to it, readable by its owner only. */
    secretKeyFile: z.string().min(1),
  })
  .optional();

export type CurveOptions = z.infer<typeof curveOptions>;

/** Options of a ZeroMQ socket. */
export interface CurveClient {
  readonly curveServerKey?: string;
  readonly curvePublicKey?: string;
  readonly curveSecretKey?: string;
}

/** Options of a ZeroMQ socket that make it a CURVE client; none without `curve`. Errors: CONFIG_INVALID. */
export function curveClient(curve: CurveOptions, capability: { readonly curve?: boolean }): CurveClient {
  if (curve === undefined) return {};
  if (capability.curve !== true)
    throw new PhospheneError(
      "CONFIG_INVALID",
      "curve: this build of libzmq has no CURVE; use another, or an SSH tunnel",
    );
  return {
    curveServerKey: curve.serverKey,
    curvePublicKey: curve.publicKey,
    curveSecretKey: readSecretKey(curve.secretKeyFile),
  };
}

function readSecretKey(file: string): string {
  const secret = readOwn(file);
  if (!key.safeParse(secret).success)
    throw new PhospheneError("CONFIG_INVALID", `curve.secretKeyFile: expected a key of 40 characters (Z85) in ${file}`);
  return secret;
}

function readOwn(file: string): string {
  try {
    const mode = statSync(file).mode & 0o777;
    // Windows has no such bits.
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new PhospheneError(
        "CONFIG_INVALID",
        expected("curve.secretKeyFile", `${file} readable by its owner only (chmod 600)`, mode.toString(8)),
      );
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    if (cause instanceof PhospheneError) throw cause;
    throw new PhospheneError("CONFIG_INVALID", `curve.secretKeyFile: ${file} cannot be read`, { cause });
  }
}
