import { expected, PhospheneError } from "../src/errors.ts";
import type { AdaptationBody } from "../src/protocol/messages.ts";
import { tell } from "./announce.ts";
import { isAdaptive } from "./decoder/host.ts";
import type { Engine } from "./engine.ts";
import type { Parts } from "./parts.ts";
import type { AdaptRequest } from "./server/commands.ts";

/** Switches the adaptation of the active decoder on or off, or back to its bundle. Throws ADAPT_UNAVAILABLE. */
export function adapt(parts: Parts, { id, by, on, reset }: AdaptRequest): void {
  const { active } = parts.switchboard;
  const { possible, why } = adaptationBody(active);
  if (!possible || !isAdaptive(active.host))
    throw new PhospheneError("ADAPT_UNAVAILABLE", expected("adapt", "a decoder that learns from stimuli", why));
  if (parts.changes.isFull)
    throw new PhospheneError("PROTOCOL_RATE", expected("adapt", "fewer changes that wait for a frame", "more"));
  if (on !== null) active.host.adapt(on);
  if (reset) active.host.resetAdaptation();
  const { on: isOn, updates } = active.host.adaptation;
  parts.changes.add({ type: "adapted", body: { id, by, on: isOn, updates } });
  tell(parts, `adaptation ${isOn ? "on" : "off"}${reset ? ", from the start" : ""}`);
}

/** How the active decoder's adaptation is; a kind that has none says so. */
export function adaptationBody({ bundle, host }: Engine): AdaptationBody {
  if (!isAdaptive(host)) {
    const { name, kind } = bundle.manifest;
    return {
      possible: false,
      on: false,
      updates: 0,
      why: `${name} is of kind ${kind}, which does not learn while it runs`,
    };
  }
  const { possible, on, updates, why } = host.adaptation;
  return { possible, on, updates, why };
}
