import { describe, expect, test, vi } from "vitest";
import type { Bundle } from "../../daemon/bundle.ts";
import type { DecoderHost, DecoderInfo, DecoderState } from "../../daemon/decoder/host.ts";
import { type Engine, Switchboard } from "../../daemon/switchboard.ts";
import { PhospheneError } from "../../src/errors.ts";

const bundle = (name: string) =>
  ({ digest: `digest of ${name}`, manifest: { name, kind: "linear" } }) as unknown as Bundle;
const nothing = async () => {};
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A host that is ready when the test says so. */
class SlowHost {
  state: DecoderState = "starting";
  restarts = 0;
  readonly closed = vi.fn(async () => {});
  readonly #started = Promise.withResolvers<DecoderInfo>();
  start = () => this.#started.promise;
  close = () => this.closed();
  ready(): void {
    this.state = "ready";
    this.#started.resolve({} as DecoderInfo);
  }
  refuse(error: Error): void {
    this.state = "failed";
    this.#started.reject(error);
  }
}

function setup() {
  const hosts: SlowHost[] = [];
  const progress: ((message: string) => void)[] = [];
  const board = new Switchboard<Engine>({
    bundles: [bundle("one"), bundle("two"), bundle("three")],
    make: (made, onProgress) => {
      const host = new SlowHost();
      hosts.push(host);
      progress.push(onProgress ?? (() => {}));
      return { bundle: made, host: host as unknown as DecoderHost };
    },
  });
  const states = () => board.choices().map(({ state }) => state);
  const names: string[] = [];
  const takeOver = ({ bundle: { manifest } }: Engine) => names.push(manifest.name);
  return { board, hosts, progress, states, names, takeOver, name: () => board.active.bundle.manifest.name };
}

describe("a switch of the bundle", () => {
  test("loads beside the active one, and is done at once while nothing is decoded", async () => {
    const { board, hosts, progress, states, names, takeOver, name } = setup();
    const switching = board.switchTo("two", nothing, takeOver);
    await soon();
    expect(states()).toEqual(["active", "loading", "available"]);
    progress[1]!("warming up");
    expect(board.choices()[1]).toMatchObject({ name: "two", digest: "digest of two", detail: "warming up" });
    expect(await board.run(async ({ bundle: { manifest } }) => manifest.name)).toBe("one");
    hosts[1]!.ready();
    await switching;
    expect([name(), board.switches, names]).toEqual(["two", 1, ["two"]]);
    expect(states()).toEqual(["available", "active", "available"]);
    expect(hosts[0]!.closed).toHaveBeenCalledOnce();
  });

  test("keeps the count of restarts of those that were active", async () => {
    const { board, hosts, takeOver } = setup();
    expect(board.restarts).toBe(0);
    hosts[0]!.restarts = 3;
    const switching = board.switchTo("two", nothing, takeOver);
    await soon();
    hosts[1]!.ready();
    await switching;
    hosts[1]!.restarts = 1;
    expect(board.restarts).toBe(4);
  });

  test("waits for the window that is decoded, and comes before the next one", async () => {
    const { board, hosts, takeOver, name } = setup();
    const window = Promise.withResolvers<string>();
    const first = board.run(() => window.promise);
    const switching = board.switchTo("two", nothing, takeOver);
    await soon();
    hosts[1]!.ready();
    await soon();
    expect([name(), board.choices()[1]!.detail]).toEqual(["one", "waits for the window that is decoded"]);
    expect(hosts[0]!.closed).not.toHaveBeenCalled();
    window.resolve("a frame");
    expect(await first).toBe("a frame");
    // The next window is dispatched in the same turn of the loop as the frame was written.
    expect(await board.run(async ({ bundle: { manifest } }) => manifest.name)).toBe("two");
    await switching;
  });

  test("comes after the window also when no other follows, and when its work fails", async () => {
    const { board, hosts, takeOver, name } = setup();
    const window = Promise.withResolvers<never>();
    const first = expect(board.run(() => window.promise)).rejects.toThrow("gone");
    const switching = board.switchTo("two", nothing, takeOver);
    await soon();
    hosts[1]!.ready();
    await soon();
    window.reject(new Error("gone"));
    await first;
    expect(name()).toBe("one");
    await switching;
    expect(name()).toBe("two");
  });

  test("is refused for what is active, what is not there, and while another is under way", async () => {
    const { board, hosts, takeOver } = setup();
    const refused = (name: string) => expect(board.switchTo(name, nothing, takeOver)).rejects;
    await refused("one").toThrow('[SWITCH_REFUSED] switch.bundle: expected one of two, three, got "one"');
    await refused("four").toMatchObject({ code: "SWITCH_REFUSED" });
    const switching = board.switchTo("two", nothing, takeOver);
    await refused("three").toThrow('[SWITCH_BUSY] switch: expected no other bundle that is being loaded, got "two"');
    await refused("two").toMatchObject({ code: "SWITCH_BUSY" });
    await soon();
    hosts[1]!.ready();
    await switching;
    expect(hosts).toHaveLength(2);
  });

  test.each<[string, (host: SlowHost) => void, string]>([
    [
      "does not load",
      (host) => host.refuse(new PhospheneError("BUNDLE_GOLDEN_MISMATCH", "two: expected")),
      "BUNDLE_GOLDEN_MISMATCH",
    ],
    [
      "was lost again when its turn came",
      (host) => {
        host.ready();
        host.state = "restarting";
      },
      "SWITCH_FAILED",
    ],
  ])("to one that %s leaves everything as it was, and can be tried again", async (_, happens, code) => {
    const { board, hosts, states, names, takeOver, name } = setup();
    const switching = expect(board.switchTo("two", nothing, takeOver)).rejects.toMatchObject({ code });
    await soon();
    happens(hosts[1]!);
    await switching;
    expect([name(), board.switches, names, states()]).toEqual(["one", 0, [], ["active", "available", "available"]]);
    expect(board.choices()[1]!.detail).toContain(code);
    expect([hosts[0]!.closed.mock.calls.length, hosts[1]!.closed.mock.calls.length]).toEqual([0, 1]);
    const again = board.switchTo("two", nothing, takeOver);
    await soon();
    hosts[2]!.ready();
    await again;
    expect([name(), board.choices()[1]!.detail]).toEqual(["two", ""]);
  });

  test("that its preparation refuses makes no engine", async () => {
    const { board, hosts, takeOver } = setup();
    const prepare = async () => {
      throw new PhospheneError("SWITCH_REFUSED", "a rule");
    };
    await expect(board.switchTo("two", prepare, takeOver)).rejects.toThrow("a rule");
    expect(hosts).toHaveLength(1);
  });

  test("is given up when the daemon stops, and nothing is left running", async () => {
    const { board, hosts, takeOver } = setup();
    const switching = expect(board.switchTo("two", nothing, takeOver)).rejects.toMatchObject({ code: "SWITCH_FAILED" });
    await soon();
    await board.close();
    await switching;
    expect(hosts.map(({ closed }) => closed.mock.calls.length)).toEqual([1, 1]);
  });
});
