import { once } from "node:events";
import { join } from "node:path";
import { firstValueFrom, ReplaySubject } from "rxjs";
import { filter, timeout } from "rxjs/operators";
import { afterEach, expect, test } from "vitest";
import { openEphys } from "../../adapters/open-ephys/adapter.ts";
import { runRig } from "../../rig/main.ts";
import { emptyCounters, type SourceMessage } from "../../src/signal/types.ts";
import { spawnChild } from "../leftovers.ts";
import { freePortPair } from "./open-ephys-peer.ts";

const ROOT = join(import.meta.dirname, "../..");
const SESSION = join(ROOT, "test/fixtures/tiny-bundle/session");
const LABELS = Array.from({ length: 8 }, (_, unit) => `E00${unit + 1}.1`);

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

function startRig(port: number, speed = 1) {
  const stop = new AbortController();
  stops.push(stop);
  const done = runRig({ session: SESSION, port, speed }, stop.signal);
  return { stop, done };
}
function subscribe(port: number, continuous: boolean) {
  const counters = emptyCounters();
  const context = { source: "rig", unitLabels: LABELS, counters, now: () => performance.now(), log: () => {} };
  const options = openEphys.options.parse({ endpoint: `tcp://127.0.0.1:${port}`, continuous });
  const all$ = new ReplaySubject<SourceMessage>();
  const subscription = openEphys.open(options, context).subscribe(all$);
  const next = (wanted: (message: SourceMessage) => boolean) =>
    firstValueFrom(all$.pipe(filter(wanted), timeout({ first: 10_000 })));
  return { counters, next, close: () => subscription.unsubscribe() };
}

test.each([true, false])("what the rig plays arrives whole (continuous: %s)", async (continuous) => {
  const port = await freePortPair();
  const { counters, next, close } = subscribe(port, continuous);
  const { stop, done } = startRig(port, 20);
  let spikes = 0;
  await next((message) => message.kind === "event" && message.text.startsWith("stimulus animals-0"));
  await next((message) => message.kind === "event" && message.text === "stimulus blank");
  await next((message) => message.kind === "event" && message.text === "line=0 state=0");
  await next((message) => {
    spikes += message.kind === "spikes" ? message.times.length : 0;
    return spikes > 500;
  });
  if (continuous) await next((message) => message.kind === "clock" && message.time > 2);
  expect(counters).toMatchObject({ malformed: 0, missed: 0, duplicates: 0, restarts: 0, unknownUnits: 0 });
  close();
  stop.abort();
  await done;
});

test("a port that is taken is said in one line", async () => {
  const port = await freePortPair();
  const first = startRig(port);
  const { next, close } = subscribe(port, false);
  await next((message) => message.kind === "connection" && message.state === "connected");
  close();
  await expect(startRig(port).done).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
  const program = rigProgram(port);
  const stderr: string[] = [];
  program.stderr!.on("data", (text) => stderr.push(String(text)));
  const [code] = await once(program, "close");
  expect([code, stderr.join("")]).toEqual([1, expect.stringMatching(/^\[ADDRESS_IN_USE\] [^\n]*\n$/)]);
  first.stop.abort();
  await first.done;
});

test.each(["SIGINT", "SIGTERM"] as const)("the program stops by itself on %s", async (signal) => {
  const program = rigProgram(await freePortPair());
  const [line] = await once(program.stderr!, "data");
  expect(String(line)).toMatch(/^rig: publishing 8 units of tiny on tcp:/);
  program.kill(signal);
  expect(await once(program, "close")).toEqual([0, null]);
});

function rigProgram(port: number) {
  return spawnChild(process.execPath, [join(ROOT, "rig/main.ts"), "--session", SESSION, "--port", String(port)]);
}
