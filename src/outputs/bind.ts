import { expected, PhospheneError } from "../errors.ts";
import type { FrameBody, HelloBody } from "../protocol/messages.ts";
import type { Comparison, Condition, FrameClause, Quantity } from "./condition.ts";

/** What a condition can speak of, as in `hello`. */
export type Decoded = Pick<HelloBody["bundle"], "latents" | "readouts" | "evidence">;

/** A condition that knows where its values lie. Neither test throws. */
export interface Bound {
  /** True for this frame; false for every frame where the condition is about events. */
  frame(frame: FrameBody): boolean;
  /** True for an event with this text; false where the condition is about frames. */
  event(text: string): boolean;
}

const COMPARE: Record<Comparison, (value: number, threshold: number) => boolean> = {
  ">=": (value, threshold) => value >= threshold,
  "<=": (value, threshold) => value <= threshold,
  ">": (value, threshold) => value > threshold,
  "<": (value, threshold) => value < threshold,
};

/** Binds a condition to a bundle; `where` is its place in the configuration. Errors: CONFIG_INVALID for a readout, label, group or coordinate that the bundle has not. */
export function bindCondition(condition: Condition, bundle: Decoded, where = "condition"): Bound {
  if (condition.on === "event") {
    const { text, prefix } = condition;
    return { frame: () => false, event: (got) => (prefix ? got.startsWith(text) : got === text) };
  }
  const decoded = { ...bundle, where };
  const tests = condition.clauses.map((clause) => bindClause(clause, decoded));
  return { frame: (frame) => tests.every((test) => test(frame)), event: () => false };
}

type Placed = Decoded & { readonly where: string };

function bindClause(clause: FrameClause, decoded: Placed): (frame: FrameBody) => boolean {
  if (clause.kind === "frame") return () => true;
  if (clause.kind === "state") return ({ state }) => state === clause.state;
  const read = bindQuantity(clause.quantity, decoded);
  const { threshold } = clause;
  const compare = COMPARE[clause.comparison];
  return (frame) => hasValues(frame) && compare(read(frame), threshold);
}

/** The values of a held frame were acted upon when it was new, and those of a picture that is no reconstruction are the prior's. */
function hasValues({ state, held }: FrameBody): boolean {
  return held === null && state !== "no-reconstruction";
}

function bindQuantity(quantity: Quantity, decoded: Placed): (frame: FrameBody) => number {
  switch (quantity.of) {
    case "explained":
      requireMeasure("explained", decoded);
      return ({ explained }) => explained ?? Number.NaN;
    case "bits": {
      requireMeasure("bits", decoded);
      const { at } = findGroup(quantity.group, decoded);
      return ({ bits }) => bits[at] ?? Number.NaN;
    }
    case "latent":
      return bindLatent(quantity, decoded);
    case "readout":
      return bindReadout(quantity, decoded);
  }
}

/** A condition on what the bundle cannot tell would never hold. */
function requireMeasure(measure: "bits" | "explained", { evidence, where }: Placed): void {
  const why = evidence.missing[measure];
  if (why !== undefined) throw unknown(where, measure, `a measure that the bundle has (${why})`, measure);
}

function bindLatent({ group, index }: Quantity & { of: "latent" }, decoded: Placed): (frame: FrameBody) => number {
  const { start, size } = findGroup(group, decoded);
  if (index === null) return ({ mu }) => mean(mu, start, size);
  if (index >= size) throw unknown(decoded.where, `latent:${group}`, `a coordinate from 0 to ${size - 1}`, index);
  return ({ mu }) => floatAt(mu, start + index);
}

function bindReadout({ name, label }: Quantity & { of: "readout" }, { readouts, where }: Placed) {
  const readout = readouts.find((each) => each.name === name);
  if (readout === undefined) throw unknown(where, "readout", oneOf(readouts.map((each) => each.name)), name);
  const at = readout.labels.indexOf(label);
  if (at < 0) throw unknown(where, `readout:${name}`, oneOf(readout.labels), label);
  return ({ readouts: values }: FrameBody) => floatAt(values[name], at);
}

function findGroup(name: string, { latents, where }: Placed): { at: number; start: number; size: number } {
  const at = latents.groups.findIndex((group) => group.name === name);
  if (at < 0) throw unknown(where, "latent group", oneOf(latents.groups.map((group) => group.name)), name);
  const start = latents.groups.slice(0, at).reduce((sum, { size }) => sum + size, 0);
  return { at, start, size: latents.groups[at]!.size };
}

function oneOf(names: readonly string[]): string {
  return names.length === 0 ? "none, the bundle has none" : `one of ${names.join(", ")}`;
}

function unknown(where: string, subject: string, wanted: string, got: string | number): PhospheneError {
  return new PhospheneError("CONFIG_INVALID", expected(`${where}: ${subject}`, wanted, got));
}

function mean(bytes: Uint8Array, start: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += floatAt(bytes, start + i);
  return sum / size;
}

/** Element `at` of little-endian float32; not-a-number where there is none, which no comparison holds of. */
function floatAt(bytes: Uint8Array | undefined, at: number): number {
  if (bytes === undefined || (at + 1) * 4 > bytes.byteLength) return Number.NaN;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(at * 4, true);
}
