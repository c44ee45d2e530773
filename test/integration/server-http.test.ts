import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { SERVER } from "../golden/protocol-messages.ts";
import { rawGet, startServer } from "./server-harness.ts";

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "phosphene-server-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

async function stimuliDir(stimuli: { id: string; file: string }[]): Promise<string> {
  const dir = tempDir();
  const inner = join(dir, "session");
  await mkdir(join(inner, "pictures"), { recursive: true });
  await writeFile(join(inner, "session.json"), JSON.stringify({ format: 1, stimuli }));
  await writeFile(join(inner, "pictures/a%20 b.png"), "picture");
  await writeFile(join(inner, "unlisted.png"), "unlisted");
  await writeFile(join(dir, "secret.txt"), "secret");
  return inner;
}

describe("health, status and metrics", () => {
  it("answers as the daemon is", async () => {
    let ready = false;
    const { url } = await startServer({ ready: () => ready });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    ready = true;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${url}/status`)).json()).toMatchObject({ ledger: { closed: 3000 } });
  });

  it("gives as many of the last bins as are asked for, and refuses a number that is none", async () => {
    const asked: (number | undefined)[] = [];
    const body = { nowMs: 1, originMs: 0, session: "s", widthMs: 20, ledger: SERVER.status.ledger, bins: [] };
    const { url } = await startServer({
      trace: (bins) => {
        asked.push(bins);
        return body;
      },
    });
    expect(await (await fetch(`${url}/trace`)).json()).toEqual(body);
    expect((await fetch(`${url}/trace?bins=12`)).status).toBe(200);
    for (const wrong of ["0", "-1", "1.5", "all"]) expect((await fetch(`${url}/trace?bins=${wrong}`)).status).toBe(400);
    expect(asked).toEqual([undefined, 12]);
  });

  it("gives metrics that Prometheus can parse, and the ledger's identity holds in them", async () => {
    const { url } = await startServer();
    await fetch(`${url}/metrics`);
    const page = await (await fetch(`${url}/metrics`)).text();
    const samples = new Map<string, number>();
    for (const line of page.trim().split("\n")) {
      if (/^# (HELP|TYPE) phosphene_\w+ .+$/.test(line) || line === "") continue;
      const match = /^(phosphene_\w+(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})?) (\S+)$/.exec(line);
      expect(match, line).not.toBeNull();
      samples.set(match?.[1] ?? "", Number(match?.[2]));
    }
    const outcomes = ["frames", "superseded", "expired", "failed", "gated"];
    const bins = outcomes.reduce(
      (sum, outcome) => sum + (samples.get(`phosphene_bins_total{outcome="${outcome}"}`) ?? 0),
      0,
    );
    expect(bins + (samples.get("phosphene_bins_in_flight") ?? 0)).toBe(samples.get("phosphene_bins_closed_total"));
    expect(samples.get('phosphene_latency_seconds{stage="total",quantile="0.5"}')).toBe(0.0115);
    expect(samples.get("phosphene_viewers")).toBe(0);
  });
});

describe("pages", () => {
  it("says how to build the viewer when it is not there", async () => {
    const { url } = await startServer({ viewerDir: "/does/not/exist" });
    expect(await (await fetch(url)).text()).toContain("npm run build");
  });

  it("serves the viewer with a strict policy, and nothing beside its folder", async () => {
    const dir = tempDir();
    await mkdir(join(dir, "dist/assets"), { recursive: true });
    writeFileSync(join(dir, "dist/index.html"), "<p>viewer");
    writeFileSync(join(dir, "dist/assets/app.js"), "1");
    writeFileSync(join(dir, "dist/.env"), "secret");
    writeFileSync(join(dir, "secret.txt"), "secret");
    const { url } = await startServer({ viewerDir: join(dir, "dist") });
    const page = await rawGet(url, "/");
    expect(page).toMatchObject({ status: 200, text: "<p>viewer" });
    expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
    expect(page.headers["x-content-type-options"]).toBe("nosniff");
    expect((await rawGet(url, "/assets/app.js")).headers["content-type"]).toMatch(/javascript/);
    for (const path of [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/assets/..%5c..%5csecret.txt",
      "/.env",
    ]) {
      const answer = await rawGet(url, path);
      expect(answer.text).not.toContain("secret\n");
      expect([400, 403, 404], path).toContain(answer.status);
    }
  });

  it("are refused for names that are not ours: DNS rebinding", async () => {
    const { url } = await startServer();
    for (const path of ["/", "/status", "/metrics", "/trace", "/stimuli/a"]) {
      expect((await rawGet(url, path, { host: "evil.example" })).status).toBe(403);
    }
  });
});

describe("stimuli", () => {
  it("serves the pictures that the session lists, and only them", async () => {
    const dir = await stimuliDir([{ id: "apple-3", file: "pictures/a%20 b.png" }]);
    const { server, url } = await startServer({ stimuliDir: dir });
    expect(server.stimulusUrl("apple-3")).toBe("/stimuli/apple-3");
    expect(server.stimulusUrl("pear")).toBeNull();
    const picture = await rawGet(url, "/stimuli/apple-3");
    expect(picture).toMatchObject({ status: 200, text: "picture", headers: { "content-type": "image/png" } });
    for (const id of ["pear", "unlisted.png", "..%2f..%2fsecret.txt", "../session.json", "__proto__", "%00"]) {
      expect([400, 403, 404], id).toContain((await rawGet(url, `/stimuli/${id}`)).status);
    }
  });

  it.each([
    ["outside", [{ id: "x", file: "../secret.txt" }], /expected a file inside/],
    ["missing", [{ id: "x", file: "pictures/no.png" }], /no\.png/],
    ["a bad id", [{ id: "../x", file: "unlisted.png" }], /stimuli\[0\]\.id/],
  ])("refuses to start with a picture that is %s", async (_, stimuli, message) => {
    const dir = await stimuliDir(stimuli);
    const starting = startServer({ stimuliDir: dir });
    await expect(starting).rejects.toMatchObject({ code: "SESSION_INVALID", message: expect.stringMatching(message) });
  });
});

describe("listening", () => {
  it("says which address is taken, and what to do", async () => {
    const { server } = await startServer();
    const { port } = server.address;
    const second = startServer({ port });
    await expect(second).rejects.toMatchObject({
      code: "ADDRESS_IN_USE",
      message: expect.stringMatching(`^\\[ADDRESS_IN_USE\\] 127\\.0\\.0\\.1:${port}: .*another server\\.port`),
    });
  });

  it.each(["0.0.0.0", "::", "192.168.1.5", "example.org"])("refuses to listen beyond the machine: %s", async (host) => {
    await expect(startServer({ host })).rejects.toMatchObject({ code: "ADDRESS_NOT_LOOPBACK" });
  });

  it("listens by name", async () => {
    const { server } = await startServer({ host: "localhost" });
    expect((await fetch(`http://localhost:${server.address.port}/healthz`)).status).toBe(200);
  });
});
