import { chmodSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ActionLog } from "../../daemon/server/access/action-log.ts";
import { connect, refusedWith, startServer } from "../integration/server-harness.ts";
import { enter, refusal, startGuarded, tempDir, tokenFile } from "./helpers.ts";

const lines = (path: string) =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("the log of actions", () => {
  it("says who did what, in order, in a file of mode 0600, and never a token", async () => {
    const { path: tokensFile, tokens, put } = await tokenFile("viewer", "operator");
    const log = join(tempDir(), "actions.jsonl");
    const { server, url } = await startGuarded({ access: { tokensFile, log } });
    const operator = await enter(url, tokens[1]!);
    operator.say("steer", { gamma: [1, -1] });
    operator.say("event", { id: 1, text: "stimulus on" });
    operator.say("present", { id: 2, width: 1, height: 1, image: new Uint8Array(3) });
    await operator.next("presented");
    const viewer = await enter(url, tokens[0]!);
    viewer.say("steer", { gamma: [1, -1] });
    await viewer.next("error");
    await refusal(url, "wrong");
    await put([0]);
    await operator.closed;
    await server.close();
    const said = lines(log);
    const who = (index: number) => said[index] && [said[index].who, said[index].what];
    expect(said.slice(0, 4)).toMatchObject([
      { who: "operator-1", what: "connect", role: "operator", viewer: 1, from: "127.0.0.1" },
      { who: "operator-1", what: "steer", gamma: [1, -1], guidance: null },
      { who: "operator-1", what: "event", text: "stimulus on" },
      { who: "operator-1", what: "present", width: 1, height: 1 },
    ]);
    expect(who(4)).toEqual(["viewer-0", "connect"]);
    expect(said).toContainEqual(expect.objectContaining({ who: "viewer-0", what: "refused", reason: "forbidden" }));
    expect(said).toContainEqual(expect.objectContaining({ who: "127.0.0.1", what: "refused", reason: "token" }));
    expect(said).toContainEqual(
      expect.objectContaining({ what: "rotation", tokens: [{ name: "viewer-0", role: "viewer" }] }),
    );
    expect(said).toContainEqual(expect.objectContaining({ who: "operator-1", what: "disconnect" }));
    expect(said.every(({ at }) => !Number.isNaN(Date.parse(String(at))))).toBe(true);
    expect(statSync(log).mode & 0o777).toBe(0o600);
    for (const token of tokens) expect(readFileSync(log, "utf8")).not.toContain(token);
  });

  it("grows by few lines of many refusals, and none is missing in the numbers", async () => {
    const log = join(tempDir(), "actions.jsonl");
    const { server, url } = await startServer({ access: { tokensFile: null, log } });
    for (let i = 0; i < 200; i++) await refusedWith(url, "phosphene.v1", {}, "/v2/stream");
    await server.close();
    const refusals = lines(log).filter(({ what }) => what === "refused");
    expect(refusals.length).toBeLessThan(100);
    expect(refusals.reduce((sum, { count }) => sum + Number(count), 0)).toBe(200);
  });

  it("is appended to, and opened anew at SIGHUP", async () => {
    const dir = tempDir();
    const log = join(dir, "actions.jsonl");
    const first = await startServer({ access: { tokensFile: null, log } });
    await connect(first.url);
    await first.server.close();
    const second = await startServer({ access: { tokensFile: null, log } });
    await connect(second.url);
    renameSync(log, join(dir, "old.jsonl"));
    process.emit("SIGHUP");
    await connect(second.url);
    await second.server.close();
    expect(lines(join(dir, "old.jsonl")).filter(({ what }) => what === "connect").length).toBeGreaterThanOrEqual(1);
    expect(lines(log).filter(({ what }) => what === "connect").length).toBeGreaterThanOrEqual(1);
  });

  it("is refused when others can read it, or it is a device", async () => {
    const log = join(tempDir(), "actions.jsonl");
    await (await ActionLog.open(log, { onTrouble: () => {} })).close();
    chmodSync(log, 0o644);
    await expect(startServer({ access: { tokensFile: null, log } })).rejects.toMatchObject({
      code: "ACCESS_LOG_UNWRITABLE",
    });
    await expect(startServer({ access: { tokensFile: null, log: "/dev/full" } })).rejects.toMatchObject({
      code: "ACCESS_LOG_UNWRITABLE",
    });
  });

  it("counts what a full disk takes from it, says so once, and goes on when there is room", async () => {
    let isFull = false;
    let written = "";
    const trouble: string[] = [];
    const file = {
      appendFile: async (text: string | Uint8Array) => {
        if (isFull) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        written += String(text);
      },
      datasync: async () => {},
      close: async () => {},
    };
    const log = await ActionLog.open("actions", {
      onTrouble: (problem) => trouble.push(problem),
      open: async () => file,
    });
    const say = async (what: string) => {
      const { written: before, lost } = log.counts;
      log.add({ who: "lab", what });
      while (log.counts.written + log.counts.lost === before + lost) await new Promise(setImmediate);
    };
    await say("one");
    isFull = true;
    await say("two");
    await say("three");
    isFull = false;
    await say("four");
    await log.close();
    expect(log.counts).toEqual({ written: 2, lost: 2 });
    expect(trouble).toEqual([expect.stringContaining("no space left"), expect.stringContaining("2 lines were lost")]);
    expect(written.match(/"what":"\w+"/g)).toEqual(['"what":"one"', '"what":"four"']);
  });

  it("keeps a bounded number of lines while the disk stands still", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const file = { appendFile: () => promise, datasync: async () => {}, close: async () => {} };
    const log = await ActionLog.open("actions", { onTrouble: () => {}, open: async () => file });
    log.add({ who: "lab", what: "first" });
    await new Promise(setImmediate);
    for (let i = 0; i < 5000; i++) log.add({ who: "lab", what: "steer" });
    expect(log.counts.lost).toBe(5000 - 4096);
    resolve();
    await log.close();
    expect(log.counts).toEqual({ written: 4097, lost: 904 });
  });
});
