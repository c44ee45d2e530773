import { describe, expect, test } from "vitest";
import { EventBook } from "../../daemon/event-book.ts";
import { clientEvent, daemonEvent } from "../../daemon/events.ts";

const none = () => null;

describe("the event of a frame", () => {
  test("is the newest that was known when its bin was closed, and lies before that", () => {
    const book = new EventBook();
    expect(book.before(1e6)).toBeNull();
    book.enter(clientEvent("first", 100, none), 100);
    book.enter(clientEvent("told late", 110, none), 150);
    book.enter(clientEvent("announced", 200, none), 120);
    expect(book.before(99)).toBeNull();
    expect(book.before(130)).toEqual({ n: 0, text: "first", atMs: 100 });
    expect(book.before(150)).toEqual({ n: 1, text: "told late", atMs: 110 });
    expect(book.before(200)).toEqual({ n: 2, text: "announced", atMs: 200 });
  });

  test("is the last of several at one time", () => {
    const book = new EventBook();
    book.enter(clientEvent("a", 100, none), 100);
    book.enter(clientEvent("b", 100, none), 100);
    expect(book.before(100)?.text).toBe("b");
  });

  test("is never the daemon's own, which have numbers all the same", () => {
    const book = new EventBook();
    book.enter(clientEvent("onset", 100, none), 100);
    expect(book.enter(daemonEvent("steering", 110), 110).n).toBe(1);
    expect(book.before(120)).toEqual({ n: 0, text: "onset", atMs: 100 });
    expect(book.enter(clientEvent("offset", 130, none), 130).n).toBe(2);
  });

  test("is looked for among the last 256", () => {
    const book = new EventBook();
    for (let i = 0; i < 257; i++) book.enter(clientEvent(`${i}`, i, none), i);
    expect(book.before(0.5)).toBeNull();
    expect(book.before(1)?.text).toBe("1");
  });
});

test("a client's event that names a stimulus has its picture", () => {
  const url = (id: string) => (id === "apple" ? "/stimuli/apple" : null);
  expect(clientEvent("stimulus apple", 1, url).stimulus).toEqual({ id: "apple", url: "/stimuli/apple" });
  expect(clientEvent("stimulus blank", 1, url).stimulus).toEqual({ id: "blank", url: null });
  expect(clientEvent("reward", 1, url).stimulus).toBeNull();
});
