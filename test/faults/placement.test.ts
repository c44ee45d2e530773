import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { freePortPair, Running, startDaemon, startRig } from "../integration/processes.ts";
import { TestViewer } from "../integration/test-viewer.ts";

const NOBODY = 65_534;
/** <sched.h> */
const SCHED_BATCH = 3;
const isRoot = process.getuid?.() === 0;
const asNobody = isRoot ? { user: NOBODY } : {};
const free = { cores: null, nice: null, realtime: null };

/** The output of a process that placed itself. */
async function placed(placement: object, more: object = {}): Promise<string> {
  const argument = JSON.stringify({ ...more, placement: { ...free, ...placement } });
  await using child = new Running(["test/faults/placement-child.ts", argument]);
  await child.exited();
  return child.output;
}

describe.runIf(process.platform === "linux")("cores and priority", () => {
  test("nothing asked for changes nothing", async () => {
    expect(await placed({})).toMatch(/^placed \[{.*"policy":0/);
  });

  test("every thread runs on the cores and with the nice value asked for; both need no rights", async () => {
    const text = await placed({ cores: [0], nice: 7 }, asNobody);
    const threads: { cores: string; nice: number }[] = JSON.parse(text.replace("placed ", ""));
    expect(threads.length).toBeGreaterThan(1);
    for (const thread of threads) expect(thread).toMatchObject({ cores: "0", nice: 7 });
  });

  test("a core that is not there is refused, and so is one among others", async () => {
    const last = availableParallelism() - 1;
    expect(await placed({ cores: [1000] })).toMatch(
      /^\[PROCESS_REFUSED\] process\.decoder\.cores: expected the operating system to allow 1000, got EINVAL: this process may use cores 0/,
    );
    expect(await placed({ cores: [last, 1000] })).toMatch(
      /PROCESS_REFUSED\].*cores that this process may use.*got 1000 too/,
    );
  });

  test("without the right, more urgency is refused, and the line says what to do", async () => {
    for (const [key, value] of Object.entries({ nice: -5, realtime: 10 }))
      expect(await placed({ [key]: value }, asNobody)).toMatch(
        new RegExp(
          `^\\[PROCESS_REFUSED\\] process\\.decoder\\.${key}: .* allow ${value}, got E(PERM|ACCES): run as root, or allow`,
        ),
      );
  });

  test("the engine's own threads never take the processor from the loop, and need no rights for it", async () => {
    const text = await placed({}, { ...asNobody, defer: true });
    const threads: { name: string; policy: number }[] = JSON.parse(text.replace("placed ", ""));
    const workers = threads.filter(({ name }) => name === "V8Worker");
    expect(workers.length).toBeGreaterThan(0);
    for (const thread of threads) expect(thread.policy, thread.name).toBe(workers.includes(thread) ? SCHED_BATCH : 0);
  });

  test.runIf(isRoot)("real-time threads are left as urgent as they are", async () => {
    const threads = JSON.parse((await placed({ realtime: 2 }, { defer: true })).replace("placed ", ""));
    for (const thread of threads) expect(thread).toMatchObject({ policy: 1, priority: 2 });
  });

  test.runIf(isRoot)("with the right, every thread is as urgent as asked for", async () => {
    const threads = JSON.parse((await placed({ nice: -3, realtime: 2 })).replace("placed ", ""));
    for (const thread of threads) expect(thread).toMatchObject({ nice: -3, policy: 1, priority: 2 });
  });

  test("a daemon and its decoder process run where they are put, each by itself", async () => {
    const port = await freePortPair();
    await using _rig = await startRig(port);
    const overrides = { process: { daemon: { cores: [0], nice: 3 }, decoder: { nice: 5 } } };
    await using daemon = await startDaemon(port, overrides);
    await using viewer = await TestViewer.connect(daemon.streamUrl, "frame");
    await viewer.next("frame", () => true, 0);
    const { decoder } = await daemon.status();
    expect(await affinity(daemon.process.child.pid!)).toEqual(["0", 3]);
    expect(await affinity(decoder.pid!)).toEqual([(await affinity(process.pid))[0], 5]);
  });

  test("what the system refuses to the decoder process ends the start with the reason", async () => {
    const port = await freePortPair();
    const refused = startDaemon(port, { process: { decoder: { cores: [1000] } } });
    await expect(refused).rejects.toThrow(/\[PROCESS_REFUSED\] process\.decoder\.cores: .*EINVAL/);
    const daemon = startDaemon(port, { process: { daemon: { cores: [1000] } } });
    await expect(daemon).rejects.toThrow(/\[PROCESS_REFUSED\] process\.daemon\.cores: .*EINVAL/);
  });
});

/** Cores and nice value of a process' main thread. */
async function affinity(pid: number): Promise<[cores: string, nice: number]> {
  const { readFile } = await import("node:fs/promises");
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]!.split(" ");
  return [/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1]!, Number(fields[16])];
}
