import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstValueFrom, ReplaySubject } from "rxjs";
import { filter, timeout } from "rxjs/operators";
import { afterEach, describe, expect, test } from "vitest";
import { capability, curveKeyPair, Publisher } from "zeromq";
import { openEphys } from "../../adapters/open-ephys/adapter.ts";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";
import { emptyCounters, type SourceMessage } from "../../src/signal/types.ts";
import { adapterContract } from "./adapter-suite.ts";
import { freePortPair, openEphysPeer } from "./open-ephys-peer.ts";

if (capability.curve !== true) process.stderr.write("SKIPPED: this build of libzmq has no CURVE\n");

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function keyFile(secret: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "key");
  writeFileSync(file, `${secret}\n`);
  chmodSync(file, mode);
  return file;
}

function subscribe(endpoint: string, curve: object) {
  const context = {
    ...{ source: "rig", unitLabels: ["E1.1"], counters: emptyCounters() },
    ...{ now: () => performance.now(), log: () => {} },
  };
  const all$ = new ReplaySubject<SourceMessage>();
  const options = openEphys.options.parse({ endpoint, heartbeat: false, curve });
  const subscription = openEphys.open(options, context).subscribe(all$);
  cleanups.push(() => subscription.unsubscribe());
  return (wanted: (message: SourceMessage) => boolean) =>
    firstValueFrom(all$.pipe(filter(wanted), timeout({ first: 8_000 })));
}

describe.skipIf(capability.curve !== true)("CURVE", () => {
  async function server() {
    const keys = curveKeyPair();
    const endpoint = `tcp://127.0.0.1:${await freePortPair()}`;
    const publisher = new Publisher({ linger: 0, curveServer: true, curveSecretKey: keys.secretKey });
    await publisher.bind(endpoint);
    const encoder = createEncoder({ stream: "s", sourceNode: 1, wallClockMs: Date.now });
    let sampleNum = 0;
    const sending = setInterval(() => {
      sampleNum += 30;
      const fields = { electrode: "E1", sampleNum, sortedId: 1, threshold: [-1] };
      void publisher.send(encoder.spike({ ...fields, waveform: new Float32Array(4) }));
    }, 5);
    cleanups.push(() => {
      clearInterval(sending);
      publisher.close();
    });
    return { endpoint, serverKey: keys.publicKey };
  }

  // The whole contract once more: with CURVE the native package receives.
  adapterContract({
    adapter: openEphys,
    makePeer: async () => {
      const [keys, own] = [curveKeyPair(), curveKeyPair()];
      const peer = await openEphysPeer({ curveServer: true, curveSecretKey: keys.secretKey });
      const curve = { serverKey: keys.publicKey, publicKey: own.publicKey, secretKeyFile: keyFile(own.secretKey) };
      return { peer, options: { endpoint: peer.endpoint, curve } };
    },
  });

  test("an encrypted rig is read with its public key", async () => {
    const { endpoint, serverKey } = await server();
    const own = curveKeyPair();
    const secretKeyFile = keyFile(own.secretKey);
    const next = subscribe(endpoint, { serverKey, publicKey: own.publicKey, secretKeyFile });
    expect(await next(({ kind }) => kind === "spikes")).toMatchObject({ kind: "spikes", source: "rig" });
  });

  test("a rig with another key is not believed, and that is said", async () => {
    const { endpoint } = await server();
    const [own, other] = [curveKeyPair(), curveKeyPair()];
    const secretKeyFile = keyFile(own.secretKey);
    const next = subscribe(endpoint, { serverKey: other.publicKey, publicKey: own.publicKey, secretKeyFile });
    const message = await next((m) => m.kind === "spikes" || (m.kind === "connection" && m.state === "disconnected"));
    expect(message.kind).toBe("connection");
  });

  test.each([
    ["readable by others", 0o644, "chmod 600"],
    ["of a group", 0o640, "chmod 600"],
  ])("a secret key %s is refused", async (_name, mode, sentence) => {
    const own = curveKeyPair();
    const curve = { serverKey: own.publicKey, publicKey: own.publicKey, secretKeyFile: keyFile(own.secretKey, mode) };
    const next = subscribe("tcp://127.0.0.1:9", curve);
    await expect(next(({ kind }) => kind === "spikes")).rejects.toThrow(sentence);
  });

  test("a file that is missing or holds something else is refused by name", async () => {
    const own = curveKeyPair();
    const keys = { serverKey: own.publicKey, publicKey: own.publicKey };
    const missing = subscribe("tcp://127.0.0.1:9", { ...keys, secretKeyFile: "/nonexistent/key" });
    await expect(missing(() => false)).rejects.toThrow(/CONFIG_INVALID.*\/nonexistent\/key cannot be read/);
    const wrong = subscribe("tcp://127.0.0.1:9", { ...keys, secretKeyFile: keyFile("too short") });
    await expect(wrong(() => false)).rejects.toThrow(/CONFIG_INVALID.*40 characters/);
  });
});
