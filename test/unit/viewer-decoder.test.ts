import { beforeEach, describe, expect, test } from "vitest";
import { Asking } from "../../clients/viewer/lib/asking.ts";
import { Operator, type Switching } from "../../clients/viewer/lib/operator.ts";
import { adaptWords, switchWords } from "../../clients/viewer/ui/decoder.tsx";
import { historyWords } from "../../clients/viewer/ui/lineage.tsx";
import type { ChoiceBody, ServerMessage } from "../../src/protocol/messages.ts";
import { SERVER } from "../golden/protocol-messages.ts";

const decoder = (name: string, state: ChoiceBody["state"]): ChoiceBody => ({
  ...{ name, state, kind: "linear", digest: "d", detail: "" },
});
const decoders = [decoder("one", "active"), decoder("two", "available")];
const answer = (id: number, by = 3) => ({ id, by, bundle: "two", digest: "d", seq: 1204, bin: 9, atMs: 0 });

describe("asking for another decoder", () => {
  let sent: object[];
  let connected: boolean;
  let switching: Switching;
  const words = () => switchWords(switching, decoders, 3);

  beforeEach(() => {
    let id = 7;
    [sent, connected] = [[], true];
    switching = new Asking(
      (body) => {
        if (connected) sent.push(body);
        return connected;
      },
      () => id++,
    );
  });

  test("is pending until the daemon names the frame from which it holds", () => {
    expect(words()).toBe("the decoder that the daemon started with");
    switching.ask({ bundle: "two" });
    expect(sent).toEqual([{ bundle: "two", id: 7 }]);
    expect([switching.phase, words()]).toEqual(["sending", "two loads, frames go on with the decoder of before"]);
    const taken = [decoder("one", "available"), decoder("two", "active")];
    expect(switchWords(switching, taken, 3)).toBe("two has taken over, its first frame is awaited");
    switching.take(answer(6), true);
    expect(switching.phase).toBe("sending");
    switching.take(answer(7), true);
    expect([switching.phase, words()]).toEqual(["following", "your switch to two holds from frame 1,204"]);
    switching.take(answer(1, 9), false);
    expect(words()).toBe("switch by viewer 9 to two holds from frame 1,204");
  });

  test("another operator's switch is seen while it loads", () => {
    const loading = [decoders[0]!, decoder("two", "loading")];
    expect(switchWords(switching, loading, 3)).toMatch(/^two loads/);
  });

  test("a refusal says why, and only of its own message", () => {
    switching.ask({ bundle: "two" });
    expect([switching.refused(null, "x"), switching.refused(8, "x")]).toEqual([false, false]);
    expect(switching.refused(7, "SWITCH_BUSY: one loads already")).toBe(true);
    expect([switching.phase, words()]).toEqual(["refused", "refused: SWITCH_BUSY: one loads already"]);
    switching.ask({ bundle: "two" });
    expect(switching.refusal).toBeNull();
  });

  test("without a connection nothing is pending", () => {
    connected = false;
    switching.ask({ bundle: "two" });
    expect(words()).toBe("refused: the daemon is not connected");
    connected = true;
    switching.ask({ bundle: "two" });
    switching.down();
    expect(switching.phase).toBe("following");
  });
});

test("the operator's requests have ids of one sequence, and answers and refusals find their own", () => {
  const sent: [string, object][] = [];
  const operator = new Operator((type, body) => sent.push([type, body]) > 0);
  const take = (message: ServerMessage) => operator.take(message);
  take({ type: "hello", ...SERVER.hello });
  operator.switching.ask({ bundle: "two" });
  operator.adapting.ask({ on: true });
  expect(sent).toEqual([
    ["switch", { bundle: "two", id: 1 }],
    ["adapt", { on: true, id: 2 }],
  ]);
  take({ type: "error", id: 2, code: "ADAPT_UNAVAILABLE", message: "diffusion does not learn" });
  expect(operator.adapting.refusal).toBe("ADAPT_UNAVAILABLE: diffusion does not learn");
  expect(operator.switching.phase).toBe("sending");
  take({ type: "switched", ...answer(1, SERVER.hello.viewer) });
  expect(operator.switching.phase).toBe("following");
});

test("a switch makes steering neutral, with the new bundle's groups; what was switched is remembered, a restart forgets it", () => {
  const operator = new Operator(() => true);
  operator.take({ type: "hello", ...SERVER.hello });
  operator.steering.setGamma(0, 2);
  const bundle = {
    ...SERVER.hello.bundle,
    digest: "other",
    latents: { dimension: 1, groups: [{ name: "g", size: 1 }] },
  };
  operator.take({ type: "hello", ...SERVER.hello, bundle, guidance: null });
  expect(operator.steering.values).toEqual({ gamma: [0], guidance: null });
  expect(operator.steering.phase).toBe("following");
  operator.take({ type: "switched", ...answer(5) });
  expect(operator.switching.answered?.seq).toBe(1204);
  operator.take({ type: "hello", ...SERVER.hello, session: "next" });
  expect(operator.switching.answered).toBeNull();
});

describe("the words of the adaptation", () => {
  const idle = new Asking<{ on: boolean | null }, never>(
    () => true,
    () => 1,
  );
  test.each([
    [
      { possible: false, on: false, updates: 0, why: "a diffusion decoder has no linear part" },
      "a diffusion decoder has no linear part",
    ],
    [{ possible: true, on: true, updates: 1, why: null }, "learns from known stimuli: 1 update"],
    [{ possible: true, on: false, updates: 1200, why: null }, "stands still after 1,200 updates"],
    [{ possible: true, on: false, updates: 0, why: null }, "off"],
  ])("%o", (state, words) => expect(adaptWords(idle, state)).toBe(words));
});

test("the history of a picture in words", () => {
  expect([historyWords(0), historyWords(1234)]).toEqual(["none: its own window only", "1,234 earlier"]);
});
