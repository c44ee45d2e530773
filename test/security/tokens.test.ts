import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTokens } from "../../daemon/server/access/token-file.ts";
import { hashToken, holderOf, makeToken, presentedToken } from "../../daemon/server/access/tokens.ts";
import { Running } from "../integration/processes.ts";
import { startGuarded, tempDir, tokenFile } from "./helpers.ts";

describe("a token", () => {
  it("is 256 random bits, and found by its hash alone", () => {
    const [one, other] = [makeToken(), makeToken()];
    expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(one).not.toBe(other);
    const tokens = [
      { name: "a", role: "viewer", sha256: hashToken(one) },
      { name: "b", role: "operator", sha256: hashToken(other) },
    ] as const;
    expect(holderOf(tokens, other)?.name).toBe("b");
    for (const wrong of ["", one.slice(1), `${one}x`, hashToken(one).toString("hex"), "x".repeat(100_000)])
      expect(holderOf(tokens, wrong)).toBeNull();
  });

  it("comes in a header, or as a subprotocol beside the protocol's", () => {
    expect(presentedToken({ authorization: "Bearer T-1" })).toBe("T-1");
    expect(presentedToken({ authorization: "bearer  T-1" })).toBe("T-1");
    expect(presentedToken({ "sec-websocket-protocol": "phosphene.v1, phosphene.token.T-2" })).toBe("T-2");
    for (const authorization of ["Basic T", "Bearer", "Bearer a b"])
      expect(presentedToken({ authorization })).toBeNull();
    expect(presentedToken({ "sec-websocket-protocol": "phosphene.v1" })).toBeNull();
  });
});

describe("the token file", () => {
  it("is made with mode 0600, and keeps no token", async () => {
    const { path, tokens } = await tokenFile("viewer", "operator");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const token of tokens) expect(readFileSync(path, "utf8")).not.toContain(token);
    expect((await readTokens(path)).map(({ name, role }) => [name, role])).toEqual([
      ["viewer-0", "viewer"],
      ["operator-1", "operator"],
    ]);
  });

  it.each([0o644, 0o640, 0o660, 0o606, 0o700, 0o4600])("is refused with mode %o", async (mode) => {
    const { path } = await tokenFile("viewer");
    chmodSync(path, mode);
    await expect(readTokens(path)).rejects.toMatchObject({
      code: "TOKENS_INVALID",
      message: expect.stringMatching(`expected mode 0600.* got "0${mode.toString(8)}"`),
    });
  });

  it("may be a link, and is judged by what it leads to", async () => {
    const { path } = await tokenFile("viewer");
    const link = join(tempDir(), "link");
    symlinkSync(path, link);
    expect(await readTokens(link)).toHaveLength(1);
    chmodSync(path, 0o644);
    await expect(readTokens(link)).rejects.toMatchObject({ code: "TOKENS_INVALID" });
  });

  const entry = (fields: object) =>
    JSON.stringify({ tokens: [{ name: "a", role: "viewer", sha256: "0".repeat(64), ...fields }] });
  it.each([
    ["empty", "", /\(root\)/],
    ["no list", "tokens: 3", /tokens/],
    ["a plain token", entry({ sha256: "S3CRET-token" }), /sha256.*hexadecimal/],
    ["the hash of nothing", entry({ sha256: hashToken("").toString("hex") }), /not of nothing/],
    ["another role", entry({ role: "root" }), /role/],
    ["an unknown key", entry({ token: "S3CRET-token" }), /token/],
    ["not YAML", "tokens: [ S3CRET-token", /YAML/],
  ])("is refused when it is %s, and nothing of it is repeated", async (_, text, message) => {
    const path = join(tempDir(), "tokens.yaml");
    writeFileSync(path, text, { mode: 0o600 });
    const error = await readTokens(path).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "TOKENS_INVALID", message: expect.stringMatching(message) });
    expect(String(error)).not.toContain("S3CRET");
  });

  it("is refused when a name stands there twice, when it is a folder, and when it is not there", async () => {
    const path = join(tempDir(), "tokens.yaml");
    const token = { name: "a", role: "viewer", sha256: "0".repeat(64) };
    writeFileSync(path, JSON.stringify({ tokens: [token, token] }), { mode: 0o600 });
    await expect(readTokens(path)).rejects.toThrow(/a twice/);
    await expect(readTokens(tempDir())).rejects.toMatchObject({ code: "TOKENS_INVALID" });
    await expect(readTokens(`${path}.no`)).rejects.toMatchObject({ code: "TOKENS_INVALID" });
  });
});

describe("phosphene token", () => {
  const phosphene = async (...args: string[]) => {
    const running = new Running(["daemon/main.ts", "token", ...args]);
    const code = await running.exited();
    return { code, output: running.output };
  };

  it("makes a token that is printed once, lists names, and takes it away", async () => {
    const file = join(tempDir(), "tokens.yaml");
    const made = await phosphene("add", "--role", "operator", "--name", "lab", "--file", file);
    const token = /^[A-Za-z0-9_-]{43}$/m.exec(made.output)?.[0] ?? "";
    const tokens = await readTokens(file);
    expect(holderOf(tokens, token)).toMatchObject({ name: "lab", role: "operator" });
    expect((await phosphene("list", "--file", file)).output).toContain("operator lab");
    expect((await phosphene("add", "--role", "viewer", "--name", "lab", "--file", file)).output).toContain(
      "TOKENS_INVALID",
    );
    expect((await phosphene("remove", "--name", "lab", "--file", file)).code).toBe(0);
    expect(await readTokens(file)).toEqual([]);
  });
});

describe("phosphene trace", () => {
  it("says that a token is wanted, and takes it from a private file", async () => {
    const { url, viewer } = await startGuarded();
    const dir = tempDir();
    const file = join(dir, "token");
    writeFileSync(file, `${viewer}\n`, { mode: 0o600 });
    const trace = async (...args: string[]) => {
      const running = new Running(["daemon/main.ts", "trace", "--url", url, "--out", join(dir, "trace.json"), ...args]);
      return [await running.exited(), running.output] as const;
    };
    expect(await trace()).toEqual([1, expect.stringMatching(/DAEMON_UNAVAILABLE.*--token-file/)]);
    expect(await trace("--token-file", file)).toEqual([0, expect.stringContaining("0 frames of 0 bins")]);
    chmodSync(file, 0o644);
    expect(await trace("--token-file", file)).toEqual([1, expect.stringContaining("expected mode 0600")]);
  });
});
