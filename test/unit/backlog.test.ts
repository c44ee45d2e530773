import { map } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { expect, test } from "vitest";
import { backlog } from "../../src/ops/backlog.ts";
import { Backlog } from "../../src/signal/backlog.ts";
import { ClockMap } from "../../src/signal/clock.ts";
import type { SourceMessage } from "../../src/signal/types.ts";
import { block } from "./helpers.ts";

/** A clock that runs as ours does: local ms = source s * 1000. */
function sameClock(): ClockMap {
  const clock = new ClockMap();
  clock.probe(0, 0.1, 0);
  return clock;
}

/** Runs blocks through the operator in virtual time; `marbles` as rxjs/testing has them. */
function changes(marbles: string, messages: Record<string, SourceMessage>, wanted: string, values: object): Backlog {
  const state = new Backlog();
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ cold, expectObservable }) => {
    const changes$ = cold<SourceMessage>(marbles, messages).pipe(
      backlog(state, sameClock, scheduler),
      map(({ overloaded, worstMs }) => `${overloaded} ${worstMs}`),
    );
    expectObservable(changes$, "2s !").toBe(wanted, values);
  });
  return state;
}

const old = (ageMs: number, receivedAtMs: number) => block([[(receivedAtMs - ageMs) / 1000, 0]], receivedAtMs);

test("data that are old when they are taken in are an overload, until they are young again", () => {
  const messages = { a: old(20, 0), b: old(300, 1), c: old(700, 2), d: old(150, 3), e: old(90, 4), f: old(20, 5) };
  const state = changes("abcdef", messages, "-o--c", { o: "true 300", c: "false 700" });
  expect(state.status).toMatchObject({ overloaded: false, overloads: 1 });
});

test("what blocks, jitter and a busy machine make is no overload", () => {
  const messages = { a: old(20, 0), b: old(249, 1), c: old(120, 2) };
  expect(changes("abc", messages, "---", {}).status.overloads).toBe(0);
});

test("when nothing comes any more, nothing waits", () => {
  const state = changes("a", { a: old(300, 0) }, "o 250ms c", { o: "true 300", c: "false 300" });
  expect(state.status.ageMs).toBe(0);
});

test("a connection that is lost, and a clock that starts again, end it: what comes then is measured anew", () => {
  const gone = { kind: "connection", source: "rig", state: "disconnected", detail: "", receivedAtMs: 1 } as const;
  const restart = { kind: "restart", source: "rig", receivedAtMs: 1 } as const;
  for (const end of [gone, restart]) changes("ab", { a: old(300, 0), b: end }, "oc", { o: "true 300", c: "false 300" });
});

test("an event tells nothing of the age, and does not hide that nothing comes", () => {
  const event = { kind: "event", source: "rig", time: 0, event: "text", text: "x", receivedAtMs: 100 } as const;
  const values = { o: "true 300", c: "false 300" };
  changes("a 99ms b", { a: old(300, 0), b: event }, "o 250ms c", values);
});

test("a clock of which nothing is known yet says nothing", () => {
  const state = new Backlog();
  expect(state.observe(Number.NaN, 0)).toBeNull();
  expect(state.status).toEqual({ overloaded: false, ageMs: 0, overloads: 0 });
});
