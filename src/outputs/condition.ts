import { expected, PhospheneError } from "../errors.ts";

export const COMPARISONS = [">=", "<=", ">", "<"] as const;
export type Comparison = (typeof COMPARISONS)[number];
export const STATES = ["ok", "late", "held", "no-reconstruction"] as const;
export type State = (typeof STATES)[number];

/** What is compared with a number: one value of a readout, a latent group's mean or one of its coordinates, its bits, or how much is explained. */
export type Quantity =
  | { readonly of: "readout"; readonly name: string; readonly label: string }
  | { readonly of: "latent"; readonly group: string; readonly index: number | null }
  | { readonly of: "bits"; readonly group: string }
  | { readonly of: "explained" };

export type FrameClause =
  | { readonly kind: "frame" }
  | { readonly kind: "state"; readonly state: State }
  | {
      readonly kind: "value";
      readonly quantity: Quantity;
      readonly comparison: Comparison;
      readonly threshold: number;
    };

/** When an output acts: on every frame of which all clauses are true, or on an event with this text (a last `*` stands for any end). */
export type Condition =
  | { readonly on: "frame"; readonly clauses: readonly FrameClause[] }
  | { readonly on: "event"; readonly text: string; readonly prefix: boolean };

const WANTED =
  "frame, state:<state>, readout:<name>:<label> >= x, latent:<group> >= x, bits:<group> >= x, explained >= x, joined by ' and '; or event:<text>";
const MAX_LENGTH = 512;
// Labels may contain the word: only before the beginning of a clause does it join.
const AND = /\s+and\s+(?=frame(?:\s|$)|explained\s*[<>]|(?:state|readout|latent|bits):)/;
const VALUE = /^(.*?)\s*(>=|<=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

/** Reads a condition (docs/outputs.md has the grammar). Errors: CONFIG_INVALID. */
export function parseCondition(text: string): Condition {
  const said = text.trim();
  if (said.length > MAX_LENGTH) throw invalid(`at most ${MAX_LENGTH} characters`, said.slice(0, 40));
  if (said.startsWith("event:")) return parseEvent(said.slice("event:".length));
  return { on: "frame", clauses: said.split(AND).map(parseClause) };
}

function parseEvent(text: string): Condition {
  const prefix = text.endsWith("*");
  const wanted = prefix ? text.slice(0, -1) : text;
  if (wanted === "" && !prefix) throw invalid("event:<text>", `event:${text}`);
  return { on: "event", text: wanted, prefix };
}

function parseClause(clause: string): FrameClause {
  if (clause === "frame") return { kind: "frame" };
  if (clause.startsWith("state:")) {
    const state = STATES.find((each) => each === clause.slice("state:".length));
    if (state === undefined) throw invalid(`state:${STATES.join("|")}`, clause);
    return { kind: "state", state };
  }
  const [, subject = "", sign, number] = VALUE.exec(clause) ?? [];
  const comparison = COMPARISONS.find((each) => each === sign);
  const threshold = Number(number);
  if (comparison === undefined || !Number.isFinite(threshold)) throw invalid(WANTED, clause);
  return { kind: "value", quantity: parseQuantity(subject, clause), comparison, threshold };
}

function parseQuantity(subject: string, clause: string): Quantity {
  if (subject === "explained") return { of: "explained" };
  const [kind, name = "", ...rest] = subject.split(":");
  const label = rest.join(":");
  if (kind === "readout" && name !== "" && label !== "") return { of: "readout", name, label };
  const group = [name, ...rest].join(":");
  if (group === "") throw invalid(WANTED, clause);
  if (kind === "bits") return { of: "bits", group };
  if (kind !== "latent") throw invalid(WANTED, clause);
  const [, whole = group, index] = /^(.+)\.(\d{1,5})$/.exec(group) ?? [];
  return { of: "latent", group: whole, index: index === undefined ? null : Number(index) };
}

function invalid(wanted: string, got: string): PhospheneError {
  return new PhospheneError("CONFIG_INVALID", expected("condition", wanted, got));
}

/** The condition in its own words: what `parseCondition` reads back. */
export function formatCondition(condition: Condition): string {
  if (condition.on === "event") return `event:${condition.text}${condition.prefix ? "*" : ""}`;
  return condition.clauses.map(formatClause).join(" and ");
}

function formatClause(clause: FrameClause): string {
  if (clause.kind === "frame") return "frame";
  if (clause.kind === "state") return `state:${clause.state}`;
  return `${formatQuantity(clause.quantity)} ${clause.comparison} ${clause.threshold}`;
}

function formatQuantity(quantity: Quantity): string {
  switch (quantity.of) {
    case "readout":
      return `readout:${quantity.name}:${quantity.label}`;
    case "latent":
      return `latent:${quantity.group}${quantity.index === null ? "" : `.${quantity.index}`}`;
    case "bits":
      return `bits:${quantity.group}`;
    case "explained":
      return "explained";
  }
}
