import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { PhospheneError } from "../../../src/errors.ts";
import { readPrivate } from "./private-file.ts";
import { hashToken, ROLES, type Token } from "./tokens.ts";

const PURPOSE = { key: "access.tokensFile", code: "TOKENS_INVALID" } as const;
const EMPTY_HASH = hashToken("").toString("hex");

const schema = z.strictObject({
  tokens: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "1 to 64 letters, digits, '-', '_' or '.'"),
        role: z.enum(ROLES),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits: the SHA-256 of the token")
          .refine((hash) => hash !== EMPTY_HASH, "the hash of a token, not of nothing"),
      }),
    )
    .max(1000),
});

/** Tokens of the file at `path` (YAML or JSON). Throws TOKENS_INVALID when it is not private, or not as docs/security.md has it. */
export async function readTokens(path: string): Promise<Token[]> {
  const text = await readPrivate(path, PURPOSE);
  const parsed = schema.safeParse(parseText(text, path));
  if (!parsed.success) {
    // Not what stood there: it could be a token.
    const problems = parsed.error.issues
      .map(({ path: at, message }) => `${at.join(".") || "(root)"}: ${message}`)
      .join("; ");
    throw new PhospheneError("TOKENS_INVALID", `${path}: ${problems}`);
  }
  const names = parsed.data.tokens.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new PhospheneError(
      "TOKENS_INVALID",
      `${path}: expected a name of its own for every token, got ${twice} twice`,
    );
  return parsed.data.tokens.map(({ name, role, sha256 }) => ({ name, role, sha256: Buffer.from(sha256, "hex") }));
}

function parseText(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "something else";
    throw new PhospheneError("TOKENS_INVALID", `${path}: expected YAML or JSON, got ${code}`);
  }
}

/** Puts the tokens into the file in one step, with mode 0600: a daemon that watches it never reads half of it. */
export async function writeTokens(path: string, tokens: readonly Token[]): Promise<void> {
  const lines = tokens.map(({ name, role, sha256 }) => ({ name, role, sha256: sha256.toString("hex") }));
  const beside = `${path}.${randomBytes(6).toString("hex")}`;
  const handle = await open(beside, "wx", 0o600);
  try {
    await handle.writeFile(stringify({ tokens: lines }));
    await handle.sync();
    await handle.close();
    await rename(beside, path);
  } catch (error) {
    await handle.close();
    await rm(beside, { force: true });
    throw error;
  }
}
