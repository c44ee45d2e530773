import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { checkClock } from "../../daemon/cli/check-clock.ts";
import { checkSource } from "../../daemon/cli/check-source.ts";
import { checkNode, checkPackage } from "../../daemon/cli/checks.ts";
import { openEphysOn } from "../../daemon/cli/sources.ts";
import { askZmtp } from "../../daemon/cli/zmtp.ts";
import { daemonConfig, freePortPair, Running, startRig, TINY_LATENT_DIFFUSION, TINY_LINEAR } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "phosphene-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Listens on a free port, and answers each connection with `say`. */
async function listen(say: string | null): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (say !== null) socket.write(say);
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function doctor(config: object): Promise<{ output: string; code: unknown }> {
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify(config));
  await using running = new Running(["daemon/main.ts", "doctor", "--config", file]);
  return { code: await running.exited(), output: running.output };
}

describe("phosphene sources", () => {
  test("a ZMQ Interface is known by its sockets, and its heartbeat is answered", async () => {
    const port = await freePortPair();
    await using _rig = await startRig(port);
    expect(await openEphysOn("127.0.0.1", 4_000, [port, port + 1])).toEqual([
      {
        kind: "open-ephys",
        address: `tcp://127.0.0.1:${port}`,
        what: "ZMQ Interface, heartbeat answered: heartbeat received",
      },
    ]);
  });

  test("what is not ZeroMQ is nothing: closed, silent, or something else", async () => {
    const [silent, other, closed] = [
      await listen(null),
      await listen("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(4)),
      await freePortPair(),
    ];
    const ask = (port: number) => askZmtp({ host: "127.0.0.1", port, timeoutMs: 200 });
    expect(await Promise.all([silent, other, closed].map(ask))).toEqual([null, null, null]);
  });

  test("the command says what there is", async () => {
    await using running = new Running(["daemon/main.ts", "sources", "--json", "--timeout", "300"]);
    expect(await running.exited()).toBe(0);
    expect(running.output).toMatch(/^\[/);
  });
});

describe("phosphene doctor", () => {
  test("a machine on which everything is right: exit code 0, a sentence each", async () => {
    const { output, code } = await doctor(daemonConfig(1));
    expect(output).not.toMatch(/^fail/m);
    expect(code).toBe(0);
    for (const name of [
      "node",
      "configuration",
      "clock",
      "zeromq",
      "onnxruntime-node",
      "liblsl",
      "gpu",
      "port",
      "recordings",
      "bundle",
      "placement",
    ])
      expect(output).toMatch(new RegExp(`^(ok|warn) +${name}: .`, "m"));
  });

  test("what is wrong is said with how to mend it: exit code 1", async () => {
    const port = await listen(null);
    const wrong = {
      ...daemonConfig(1),
      bundle: join(folder, "nothing"),
      server: { port },
      record: { dir: "/dev/null/x" },
      process: { decoder: { cores: [1000] } },
    };
    const { output, code } = await doctor(wrong);
    expect(code).toBe(1);
    expect(output).toMatch(/^fail {2}port: .* is taken by another program\n +to mend: stop the other program/m);
    expect(output).toMatch(/^fail {2}bundle: \[BUNDLE_MISSING\].*\n +to mend: /m);
    expect(output).toMatch(/^fail {2}recordings: .*\n +to mend: set record.dir/m);
    expect(output).toMatch(/^fail {2}placement: .*process\.decoder\.cores: .* allow 1000, got EINVAL.*\n +to mend: /m);
  });

  test("every bundle is tried, and those that cannot take turns are named", async () => {
    const { output, code } = await doctor({ ...daemonConfig(1), bundles: [TINY_LINEAR, TINY_LATENT_DIFFUSION] });
    expect(code).toBe(1);
    for (const name of ["tiny", "tiny-linear", "tiny-latent-diffusion"])
      expect(output).toMatch(new RegExp(`^ok +bundle: ${name} .* reproduces its golden outputs`, "m"));
    expect(output).toMatch(
      /^fail {2}bundles: \[BUNDLES_DIFFER\].*tiny-latent-diffusion: bins\.widthMs: expected 20.*\n +to mend: /m,
    );
  });

  test("a source that is not there, one that is, a file that cannot be read", async () => {
    const source = { name: "rig", kind: "open-ephys", unitPrefix: "", units: {} };
    const mute = await listen(null);
    const silent = await checkSource({ ...source, options: { endpoint: `tcp://127.0.0.1:${mute}` } });
    expect(silent).toMatchObject({ state: "warn", detail: expect.stringContaining("nobody answers as ZeroMQ") });
    const recording = await checkSource({ ...source, kind: "recording", options: { path: join(folder, "no.nev") } });
    expect(recording).toMatchObject({ state: "fail", detail: expect.stringContaining("no.nev cannot be read") });
    const port = await freePortPair();
    await using _rig = await startRig(port);
    const there = await checkSource({ ...source, options: { endpoint: `tcp://127.0.0.1:${port}` } });
    expect(there).toEqual({ state: "ok", name: "source rig", detail: `tcp://127.0.0.1:${port} publishes` });
  });

  test("a configuration with mistakes: all of them, and what needs it is not looked at", async () => {
    const { output, code } = await doctor({ server: { port: -1 }, nothing: 1 });
    expect(code).toBe(1);
    expect(output).toMatch(/^fail {2}configuration: \[CONFIG_INVALID\]/m);
    expect(output).toContain("nothing: unknown key");
    expect(output).not.toMatch(/bundle:/);
  });

  test("an old node, a package that is not there, a coarse clock", async () => {
    expect(checkNode("20.11.0")).toMatchObject({ state: "fail", mend: expect.stringContaining("24") });
    expect(await checkPackage("no-such-package", "nothing")).toMatchObject({ state: "fail" });
    expect(await checkClock(() => Math.floor(performance.now()))).toMatchObject({ state: "fail", name: "clock" });
  });
});
