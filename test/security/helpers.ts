import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { writeTokens } from "../../daemon/server/access/token-file.ts";
import { hashToken, makeToken, type Role } from "../../daemon/server/access/tokens.ts";
import type { PhospheneServer, ServerOptions } from "../../daemon/server/index.ts";
import { refusedWith, startServer, TestViewer } from "../integration/server-harness.ts";

/** A folder that goes with the test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "phosphene-security-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** A token file, and the tokens in it. */
export async function tokenFile(...roles: Role[]) {
  const path = join(tempDir(), "tokens.yaml");
  const tokens = roles.map(makeToken);
  const put = (indices: number[]) =>
    writeTokens(
      path,
      indices.map((i) => ({ name: `${roles[i]}-${i}`, role: roles[i]!, sha256: hashToken(tokens[i]!) })),
    );
  await put([...roles.keys()]);
  return { path, tokens, put };
}

/** A server that asks for tokens: one viewer's, one operator's. */
export async function startGuarded(overrides: Partial<ServerOptions> = {}) {
  const { path, tokens, put } = await tokenFile("viewer", "operator");
  const started = await startServer({ access: { tokensFile: path, log: null }, ...overrides });
  return { ...started, viewer: tokens[0]!, operator: tokens[1]!, put, path };
}

export const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** A viewer with a token, that has had its hello. */
export async function enter(url: string, token: string): Promise<TestViewer> {
  const viewer = new TestViewer(url, "phosphene.v1", bearer(token));
  await viewer.next("hello");
  return viewer;
}

/** Upgrades with these subprotocols: the status of the refusal. */
export function refusal(url: string, token: string | null): Promise<number> {
  return refusedWith(url, "phosphene.v1", token === null ? {} : bearer(token));
}

export function refused(server: PhospheneServer, reason: string): number {
  return server.viewers().access.refused[reason] ?? Number.NaN;
}

/** A connection that says what it is told to; `closed` resolves when the server ended it. */
export async function rawSocket(server: PhospheneServer, text: string | Uint8Array = "") {
  const socket = connect(server.address.port, "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  let heard = Buffer.alloc(0);
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(heard.toString("latin1"))));
  socket.on("data", (data) => {
    heard = Buffer.concat([heard, data]);
  });
  socket.on("end", () => socket.destroy());
  if (text.length > 0) socket.write(text);
  return { socket, closed };
}

export const UPGRADE = (server: PhospheneServer): string =>
  [
    "GET /v1/stream HTTP/1.1",
    `Host: 127.0.0.1:${server.address.port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol: phosphene.v1",
    "\r\n",
  ].join("\r\n");

/** A connection that became a WebSocket by hand: what it writes next are bytes where frames are expected. */
export async function rawViewer(server: PhospheneServer): Promise<{ socket: Socket; closed: Promise<string> }> {
  const raw = await rawSocket(server, UPGRADE(server));
  const [head] = (await once(raw.socket, "data")) as [Buffer];
  if (!head.toString("latin1").startsWith("HTTP/1.1 101"))
    throw new Error(`not upgraded: ${head.toString("latin1", 0, 80)}`);
  return raw;
}

/** A self-signed certificate for 127.0.0.1, by openssl. */
export function selfSigned(): { cert: string; key: string } {
  const dir = tempDir();
  const pair = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem") };
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...names, "-keyout", pair.key, "-out", pair.cert], {
    stdio: "ignore",
  });
  chmodSync(pair.key, 0o600);
  return pair;
}
