import { expect, test } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { balances } from "../../src/ledger.ts";
import { daemonConfig, freePortPair, startDaemon, startRig } from "../integration/processes.ts";
import { TestViewer } from "../integration/test-viewer.ts";

const half = (from: number) =>
  Object.fromEntries(Array.from({ length: 4 }, (_, i) => `E00${from + i}.1`).map((label) => [label, label]));

test("two probes are decoded as one; one that is lost stops nothing, and its units are left out", async () => {
  const [portA, portB] = [await freePortPair(), await freePortPair()];
  await using _a = await startRig(portA);
  await using b = await startRig(portB);
  const probe = (name: string, port: number, from: number) => ({
    ...{ name, kind: "open-ephys", units: half(from) },
    options: { endpoint: `tcp://127.0.0.1:${port}` },
  });
  const config = { ...daemonConfig(portA), source: probe("a", portA, 1), otherSources: [probe("b", portB, 5)] };
  await using daemon = await startDaemon(portA, config);
  await using viewer = await TestViewer.connect(daemon.streamUrl, "frame", "event", "spikes");
  const hasUnit = (wanted: (unit: number) => boolean) =>
    viewer.next("spikes", ({ units }) => new Uint16Array(units.slice().buffer).some(wanted), 0);
  await hasUnit((unit) => unit < 4);
  await hasUnit((unit) => unit >= 4);
  const both = await viewer.next("frame", ({ silentUnits }) => silentUnits === 0, 0);
  expect(both.source).toBe("a+b");
  expect((await daemon.status()).sources.map(({ name }) => name)).toEqual(["a", "b"]);
  await b.stop("SIGKILL");
  await viewer.next("event", ({ text }) => text === "source b lost", 0);
  await viewer.next("frame", ({ silentUnits }) => silentUnits === 4);
  const alone = await daemon.status();
  expect(alone.source.state).toBe("live");
  expect(alone.sources.map(({ state }) => state)).toEqual(["live", "lost"]);
  expect(balances(alone.ledger)).toBe(true);
  await using _again = await startRig(portB);
  await viewer.next("event", ({ text }) => text === "source b live");
  await viewer.next("frame", ({ silentUnits }) => silentUnits === 0);
  expect(balances((await daemon.status()).ledger)).toBe(true);
});

test("sources need names of their own", async () => {
  const twice = { otherSources: [{ name: "rig" }] };
  expect(() => parseConfig(twice, "config.yaml")).toThrow(
    'otherSources: expected a name of its own for every source (got "rig" twice)',
  );
});
