import { expected, PhospheneError } from "../src/errors.ts";
import { adapt } from "./adapt.ts";
import { tell } from "./announce.ts";
import { clientEvent } from "./events.ts";
import type { Parts } from "./parts.ts";
import type { Commands } from "./server/commands.ts";
import { switchBundle } from "./take-over.ts";

/** A client's event lies within this much of now: further away it is another clock's time, ms. */
const EVENT_RANGE_MS = 60_000;

/** What operators may ask of this daemon. */
export function makeCommands(parts: Parts): Commands {
  return {
    steer: (request, by) => {
      parts.steering.steer(request, by);
      tell(parts, "steering");
    },
    event: (text, atMs) => enter(parts, text, atMs),
    present: async (picture) => {
      if (parts.presenter !== null) return parts.presenter.submit(picture);
      throw new PhospheneError("PRESENT_UNAVAILABLE", expected("present", "a rig that shows pictures", "none"));
    },
    switch: (request) => switchBundle(parts, request),
    adapt: (request) => adapt(parts, request),
  };
}

function enter({ now, events, recorder, server }: Parts, text: string, wanted: number | null) {
  const knownMs = now();
  const atMs = wanted ?? knownMs;
  if (Math.abs(atMs - knownMs) > EVENT_RANGE_MS)
    throw new PhospheneError(
      "PROTOCOL_MALFORMED",
      expected("event.atMs", `server time within a minute of ${Math.round(knownMs)}`, atMs),
    );
  const event = events.enter(
    clientEvent(text, atMs, (id) => server?.stimulusUrl(id) ?? null),
    knownMs,
  );
  recorder?.note(event, knownMs);
  server?.publishEvent(event);
  return { n: event.n, atMs };
}
