import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { LIMITS, startServer, TestViewer } from "../integration/server-harness.ts";
import { bearer, rawSocket, refused, selfSigned, startGuarded } from "./helpers.ts";

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("SKIPPED: TLS is not tested, for there is no openssl to make a certificate with\n");
    return false;
  }
})();

/** Status, headers and body of a GET. */
async function get(port: number, path: string, ca: Buffer, headers: Record<string, string> = {}) {
  const sent = request({ host: "127.0.0.1", port, path, ca, headers, agent: false }).end();
  const [response] = await once(sent, "response");
  let text = "";
  for await (const part of response) text += part;
  return { status: response.statusCode as number, headers: response.headers as Record<string, string>, text };
}

describe.skipIf(!hasOpenssl)("TLS", () => {
  it("carries page and stream, with tokens, and tells the browser of wss:", async () => {
    const tls = selfSigned();
    const { server, viewer } = await startGuarded({ tls });
    const { port } = server.address;
    const ca = readFileSync(tls.cert);
    expect(server.url).toBe(`https://127.0.0.1:${port}`);
    const page = await get(port, "/", ca);
    expect(page.headers["content-security-policy"]).toContain(`wss://127.0.0.1:${port}`);
    expect((await get(port, "/status", ca)).status).toBe(401);
    expect((await get(port, "/status", ca, bearer(viewer).headers)).status).toBe(200);
    const origin = `https://127.0.0.1:${port}`;
    const watching = new TestViewer(server.url, "phosphene.v1", { ca, origin, ...bearer(viewer) });
    expect(await watching.next("hello")).toMatchObject({ role: "viewer" });
    const foreign = new TestViewer(server.url, "phosphene.v1", {
      ca,
      origin: `http://127.0.0.1:${port}`,
      ...bearer(viewer),
    });
    expect(await foreign.closed).toBe(1006);
    expect(refused(server, "origin")).toBe(1);
  });

  it("cuts off a handshake that is not finished, and what is no TLS; TLS 1.1 is not spoken", async () => {
    const tls = selfSigned();
    const { server } = await startServer({ tls, limits: { ...LIMITS, handshakeMs: 400 } });
    const silent = await rawSocket(server);
    const plain = await rawSocket(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await plain.closed).not.toContain("200");
    expect(await silent.closed).toBe("");
    expect(refused(server, "timeout")).toBeGreaterThanOrEqual(1);
    const old = connectTls({
      port: server.address.port,
      host: "127.0.0.1",
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
    });
    const [error] = await once(old, "error");
    expect(String(error)).toMatch(/protocol|alert|version/i);
    expect((await get(server.address.port, "/healthz", readFileSync(tls.cert))).status).toBe(200);
  });

  it("takes a new certificate at SIGHUP for the connections that follow", async () => {
    const [tls, next] = [selfSigned(), selfSigned()];
    const { server, nextLog } = await startServer({ tls });
    const before = readFileSync(tls.cert);
    await get(server.address.port, "/healthz", before);
    copyFileSync(next.cert, tls.cert);
    copyFileSync(next.key, tls.key);
    const read = nextLog("certificate read again");
    process.emit("SIGHUP");
    await read;
    await expect(get(server.address.port, "/healthz", before)).rejects.toThrow(/self.signed/);
    expect((await get(server.address.port, "/healthz", readFileSync(next.cert))).status).toBe(200);
  });

  it("is refused with a key that others can read, or of another certificate", async () => {
    const [tls, other] = [selfSigned(), selfSigned()];
    await expect(startServer({ tls: { ...tls, key: other.key } })).rejects.toMatchObject({ code: "TLS_INVALID" });
    chmodSync(tls.key, 0o640);
    await expect(startServer({ tls })).rejects.toMatchObject({
      code: "TLS_INVALID",
      message: expect.stringContaining("expected mode 0600"),
    });
  });
});
