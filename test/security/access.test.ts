import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { checkAccess } from "../../daemon/cli/check-access.ts";
import { parseConfig } from "../../src/config.ts";
import { COMMANDS, connect, rawGet, refusedWith, startServer, TestViewer } from "../integration/server-harness.ts";
import { bearer, enter, refusal, refused, startGuarded, tempDir, tokenFile } from "./helpers.ts";

const TOLD = ["/status", "/metrics", "/trace", "/stimuli/apple"];
const OPEN = ["/", "/healthz", "/readyz"];

describe("with tokens", () => {
  it("refuses a stream without a token and with a wrong one, and counts both", async () => {
    const { server, url, viewer } = await startGuarded();
    expect(await refusal(url, null)).toBe(401);
    expect(await refusal(url, `${viewer}x`)).toBe(401);
    expect(await refusedWith(url, "phosphene.v1", { headers: { authorization: `Basic ${viewer}` } })).toBe(401);
    expect(await refusedWith(url, "phosphene.token.x", {})).toBe(400);
    expect(refused(server, "token")).toBe(3);
    expect(server.viewers().viewerTotals.connected).toBe(0);
  });

  it("lets in by header and by subprotocol, and chooses phosphene.v1 whatever comes first", async () => {
    const { server, url, viewer, operator } = await startGuarded();
    const one = await enter(url, viewer);
    expect(one.received[0]).toMatchObject({ type: "hello", role: "viewer" });
    const two = new TestViewer(url, [`phosphene.token.${operator}`, "phosphene.v1"]);
    expect(await two.next("hello")).toMatchObject({ role: "operator" });
    expect(two.socket.protocol).toBe("phosphene.v1");
    expect(server.viewers().access).toMatchObject({ tokens: true, operators: 1, viewers: 1 });
  });

  it("tells nothing of a session without a token, over HTTP either", async () => {
    const { server, url, viewer } = await startGuarded();
    for (const path of TOLD) {
      const answer = await rawGet(url, path);
      expect([path, answer.status, answer.headers["www-authenticate"]]).toEqual([
        path,
        401,
        'Bearer realm="phosphene"',
      ]);
      expect((await rawGet(url, path, { authorization: "Bearer wrong" })).status).toBe(401);
      expect((await rawGet(url, path, bearer(viewer).headers)).status).not.toBe(401);
      expect((await rawGet(url, `${path}?token=${viewer}`)).status).toBe(401);
    }
    for (const path of OPEN) expect((await rawGet(url, path)).status).toBe(200);
    expect(refused(server, "token")).toBe(3 * TOLD.length);
    const metrics = await rawGet(url, "/metrics", bearer(viewer).headers);
    expect(metrics.text).toContain(`phosphene_refused_total{reason="token"} ${3 * TOLD.length}`);
  });

  it("refuses operators' messages of a viewer by id, counts them, and goes on", async () => {
    const steer = vi.fn();
    const event = vi.fn(() => ({ n: 3, atMs: 4 }));
    const present = vi.fn(async () => "live-0");
    const { server, url, viewer, operator } = await startGuarded({ commands: { ...COMMANDS, steer, event, present } });
    const watching = await enter(url, viewer);
    watching.say("steer", { gamma: [1, 1], id: 1 });
    watching.say("event", { id: 2, text: "stimulus on" });
    watching.say("present", { id: 3, width: 1, height: 1, image: new Uint8Array(3) });
    watching.say("switch", { id: 4, bundle: "it-demo-linear" });
    watching.say("adapt", { id: 5, on: true });
    for (const id of [1, 2, 3, 4, 5])
      expect(await watching.next("error")).toMatchObject({ code: "PROTOCOL_FORBIDDEN", id });
    expect([steer, event, present].map((mock) => mock.mock.calls.length)).toEqual([0, 0, 0]);
    expect(refused(server, "forbidden")).toBe(5);
    await watching.subscribe("frame");
    const steering = await enter(url, operator);
    steering.say("event", { id: 7, text: "stimulus on" });
    expect(await steering.next("noted")).toMatchObject({ id: 7, n: 3 });
  });
});

describe("rotation", () => {
  it("closes the connections of a token that is gone with 1008 and no others, without a restart", async () => {
    const { server, url, viewer, operator, put } = await startGuarded();
    const leaving = await enter(url, viewer);
    const staying = await enter(url, operator);
    await put([1]);
    expect(await leaving.closed).toBe(1008);
    expect(await refusal(url, viewer)).toBe(401);
    await staying.subscribe("frame");
    await enter(url, operator);
    expect(refused(server, "revoked")).toBe(1);
    await put([0, 1]);
    for (;;) {
      const back = new TestViewer(url, "phosphene.v1", bearer(viewer));
      if ((await Promise.race([back.next("hello"), back.closed])) !== 1006) break;
    }
  });

  it("takes no half of a file: one that cannot be used changes nothing", async () => {
    const { url, viewer, path, nextLog } = await startGuarded();
    const staying = await enter(url, viewer);
    const problem = () => nextLog("tokens not read again, those of before hold");
    const malformed = problem();
    writeFileSync(path, "tokens: [ {");
    await malformed;
    const open = problem();
    chmodSync(path, 0o644);
    await open;
    const missing = problem();
    rmSync(path);
    await missing;
    await staying.subscribe("frame");
    await enter(url, viewer);
  });

  it("happens at SIGHUP too, which is left alone where there is nothing to read again", async () => {
    const before = process.listenerCount("SIGHUP");
    await startServer();
    expect(process.listenerCount("SIGHUP")).toBe(before);
    const { server, nextLog } = await startGuarded();
    const read = nextLog("tokens read again");
    process.emit("SIGHUP");
    await read;
    await server.close();
    expect(process.listenerCount("SIGHUP")).toBe(before);
  });
});

describe("an address beyond this machine", () => {
  it("is served with tokens, by its name in numbers, and warned of without TLS", async () => {
    const warned: string[] = [];
    const log = {
      info: () => {},
      debug: () => {},
      error: () => {},
      warn: (_: object, text: string) => warned.push(text),
    };
    const { server, viewer } = await startGuarded({ host: "0.0.0.0", log });
    const url = `http://127.0.0.1:${server.address.port}`;
    await enter(url, viewer);
    const host = `127.0.0.2:${server.address.port}`;
    expect((await rawGet(`http://${host}`, "/healthz")).status).toBe(200);
    expect((await rawGet(url, "/healthz", { host })).status).toBe(403);
    expect(warned).toContainEqual(expect.stringContaining("no TLS"));
  });

  it("is refused before anything listens when the token file cannot be used", async () => {
    const tokensFile = join(tempDir(), "tokens.yaml");
    writeFileSync(tokensFile, "tokens: []", { mode: 0o644 });
    const starting = startServer({ host: "0.0.0.0", access: { tokensFile, log: null } });
    await expect(starting).rejects.toMatchObject({ code: "TOKENS_INVALID" });
    await expect(startServer({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "ADDRESS_NOT_LOOPBACK" });
  });
});

describe("origins", () => {
  it("of the list may open the stream, others may not; an answer over HTTP is refused them too", async () => {
    const { server, url } = await startServer({ origins: ["https://lab.example"] });
    const viewer = new TestViewer(url, "phosphene.v1", { origin: "https://lab.example" });
    await viewer.next("hello");
    for (const origin of ["https://evil.example", "http://lab.example", "https://lab.example.evil.example", "null"]) {
      expect(await refusedWith(url, "phosphene.v1", { origin })).toBe(403);
      expect((await rawGet(url, "/status", { origin })).status).toBe(403);
    }
    expect(refused(server, "origin")).toBe(8);
    expect((await rawGet(url, "/status", { origin: url })).status).toBe(200);
    expect((await rawGet(url, "/status", { host: "lab.example" })).status).toBe(200);
  });

  it("without tokens everybody on this machine is operator", async () => {
    const { server, url } = await startServer();
    await connect(url, "frame");
    expect(server.viewers().access).toMatchObject({ tokens: false, operators: 1, viewers: 0 });
  });
});

describe("phosphene doctor", () => {
  it("says who could reach the daemon, and what would keep it from starting", async () => {
    const { path: tokensFile } = await tokenFile("viewer", "operator");
    const check = (server: object, access: object) => checkAccess(parseConfig({ server, access }, "test"));
    expect(await check({}, {})).toMatchObject({
      state: "ok",
      detail: expect.stringContaining("everybody is operator"),
    });
    expect(await check({ host: "0.0.0.0" }, {})).toMatchObject({ state: "fail" });
    const open = await check({ host: "0.0.0.0" }, { tokensFile });
    expect(open).toMatchObject({ state: "warn", detail: expect.stringMatching(/1 operators and 1 viewers; no TLS/) });
    chmodSync(tokensFile, 0o644);
    expect(await check({}, { tokensFile })).toMatchObject({ state: "fail" });
  });
});
