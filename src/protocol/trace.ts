import { z } from "zod";
import { expected } from "../errors.ts";
import { describeIssues } from "../issues.ts";
import type { FrameBody, FrameState, LedgerCounts, Stamps } from "./messages.ts";
import { decisionSchema, ledgerSchema, stampsSchema } from "./server-schema.ts";

// Without this zod probes `new Function`, which the page's Content-Security-Policy reports as a violation.
z.config({ jitless: true });

/** What may become of a bin (docs/decisions.md, D-003). */
export const OUTCOMES = ["frames", "superseded", "expired", "failed", "gated"] as const;
export type BinOutcome = (typeof OUTCOMES)[number];
/** What else is told of a settled bin: see `Ledger`. */
export const BIN_NOTES = ["late", "discarded", "held"] as const;
export type BinNote = (typeof BIN_NOTES)[number];

/** Where a frame came from, and when it was what; ms on the daemon's clock. */
export interface TraceFrame {
  readonly seq: number;
  readonly state: FrameState;
  readonly steps: number;
  /** Why so many steps. */
  readonly decision: Readonly<FrameBody["decision"]>;
  readonly solver: string;
  readonly seed: number;
  readonly guidance: number | null;
  readonly bins: readonly [number, number];
  /** End of the last bin at the source, mapped by its clock; null while that is not known. */
  readonly endMs: number | null;
  readonly stamps: Readonly<Stamps>;
  readonly deadlineMs: number;
  /** Encoded for the wire. */
  readonly serialisedMs: number;
  /** After the socket writes. */
  readonly writtenMs: number;
  /** The first viewer had it on its screen; null until one says so. */
  readonly shownMs: number | null;
}

export interface TraceBin {
  readonly index: number;
  /** The newest message of the source before the bin was closed. */
  readonly arrivedMs: number;
  readonly closedMs: number;
  readonly closedBy: "source" | "silence";
  /** Both null while the bin is in flight. */
  readonly settledMs: number | null;
  readonly outcome: BinOutcome | null;
  readonly note: BinNote | null;
  readonly frame: TraceFrame | null;
}

/** The body of `GET /trace`: the last bins, oldest first. */
export interface TraceBody {
  readonly nowMs: number;
  /** The machine's monotonic clock at the daemon's 0, ms. */
  readonly originMs: number;
  readonly session: string;
  /** Width of a bin. */
  readonly widthMs: number;
  /** Of the whole session, as in `status`. */
  readonly ledger: LedgerCounts;
  readonly bins: readonly TraceBin[];
}

const frame = z.object({
  seq: z.int(),
  state: z.custom<FrameState>((value) => typeof value === "string", "expected a state"),
  steps: z.int(),
  decision: decisionSchema,
  solver: z.string(),
  seed: z.number(),
  guidance: z.number().nullable(),
  bins: z.tuple([z.int(), z.int()]),
  endMs: z.number().nullable(),
  stamps: stampsSchema,
  deadlineMs: z.number(),
  serialisedMs: z.number(),
  writtenMs: z.number(),
  shownMs: z.number().nullable(),
});

const body: z.ZodType<TraceBody> = z.object({
  nowMs: z.number(),
  originMs: z.number(),
  session: z.string(),
  widthMs: z.number(),
  ledger: ledgerSchema,
  bins: z.array(
    z.object({
      index: z.int(),
      arrivedMs: z.number(),
      closedMs: z.number(),
      closedBy: z.enum(["source", "silence"]),
      settledMs: z.number().nullable(),
      outcome: z.enum(OUTCOMES).nullable(),
      note: z.enum(BIN_NOTES).nullable(),
      frame: frame.nullable(),
    }),
  ),
});

/** Checks the JSON of `GET /trace`. Unknown keys are ignored. A string says what is wrong with it. */
export function parseTrace(value: unknown): TraceBody | string {
  const parsed = body.safeParse(value);
  if (parsed.success) return parsed.data;
  return describeIssues(parsed.error.issues, value)[0] ?? expected("trace", "the body of /trace", typeof value);
}
