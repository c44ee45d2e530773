import type { TraceBin, TraceBody, TraceFrame } from "../src/protocol/trace.ts";

/** One event of the Trace Event Format (Chrome, Perfetto): `X` a slice, `s`, `t`, `f` an arrow between slices, `M` a name. Times in us. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "s" | "t" | "f" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  /** Of the arrows of one bin: its index. */
  readonly id?: number;
  readonly bp?: "e";
  readonly args?: Record<string, unknown>;
}

export interface TraceFile {
  readonly displayTimeUnit: "ms";
  readonly otherData: Record<string, unknown>;
  readonly traceEvents: readonly TraceEvent[];
}

/** In the order in which a bin passes them; viewer and decoder are other processes. */
const TRACKS = ["source", "binner", "mailbox", "decoder", "serialise", "socket", "viewer"] as const;
type Track = (typeof TRACKS)[number];
const PROCESS: Record<Track, { pid: number; name: string }> = {
  source: { pid: 1, name: "rig" },
  ...{ binner: { pid: 2, name: "daemon" }, mailbox: { pid: 2, name: "daemon" } },
  decoder: { pid: 3, name: "decoder process" },
  ...{ serialise: { pid: 2, name: "daemon" }, socket: { pid: 2, name: "daemon" } },
  viewer: { pid: 4, name: "viewer" },
};
/** Rows of one track: slices of a row must not overlap, and a bin may begin before the one before it has left. All bins of a lost source begin at its last message, and a trace has up to a million. */
const MAX_LANES = 10_000_000;

interface Slice {
  readonly track: Track;
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The trace as a file that Perfetto and Chrome open: a slice for everything that happened to a bin, and arrows along its way. */
export function traceFile(body: TraceBody): TraceFile {
  const lanes = new Lanes();
  const events = body.bins.flatMap((bin) => eventsOf(bin, lanes));
  const { session, widthMs, ledger, originMs, nowMs } = body;
  return {
    displayTimeUnit: "ms",
    otherData: { session, widthMs, ledger, originMs, nowMs },
    traceEvents: [...lanes.names(), ...events],
  };
}

function eventsOf(bin: TraceBin, lanes: Lanes): TraceEvent[] {
  const args = argsOf(bin);
  const slices = slicesOf(bin).map(({ track, name, fromMs, toMs }) => {
    const [ts, end] = [us(fromMs), us(Math.max(fromMs, toMs))];
    return { name, ph: "X", ...lanes.place(track, ts, end), ts, dur: us((end - ts) / 1000), args } satisfies TraceEvent;
  });
  const last = slices.length - 1;
  const arrows = slices.map(({ pid, tid, ts }, i): TraceEvent => {
    const arrow = { name: "bin", cat: "bin", id: bin.index, pid, tid, ts };
    return i === 0 ? { ...arrow, ph: "s" } : { ...arrow, ph: i === last ? "f" : "t", bp: "e" };
  });
  return last > 0 ? [...slices, ...arrows] : slices;
}

function argsOf({ index, outcome, note, closedBy, frame }: TraceBin): Record<string, unknown> {
  if (frame === null) return { bin: index, outcome, note, closedBy };
  const { seq, state, steps, decision, solver, seed, guidance, bins, deadlineMs, writtenMs } = frame;
  const lineage = { seq, state, steps, ...decision, solver, seed, guidance, bins };
  return { bin: index, outcome, note, closedBy, ...lineage, lateMs: Math.max(0, writtenMs - deadlineMs) };
}

function slicesOf(bin: TraceBin): Slice[] {
  const { index, arrivedMs, closedMs, closedBy, settledMs, outcome, frame } = bin;
  const name = `bin ${index}`;
  const closing = closedBy === "source" ? name : `${name}, closed by silence`;
  const binner: Slice = { track: "binner", name: closing, fromMs: arrivedMs, toMs: closedMs };
  if (frame !== null) return [...underway(frame, bin), binner, ...slicesOfFrame(frame, bin)];
  if (outcome === "gated") return [binner];
  return [
    binner,
    { track: "mailbox", name: `${name} ${outcome ?? "in flight"}`, fromMs: closedMs, toMs: settledMs ?? closedMs },
  ];
}

/** From the end of the bin at the source to the arrival of the message that closed it, where that is known. */
function underway({ endMs }: TraceFrame, { index, arrivedMs }: TraceBin): Slice[] {
  return endMs === null || endMs > arrivedMs
    ? []
    : [{ track: "source", name: `bin ${index}`, fromMs: endMs, toMs: arrivedMs }];
}

function slicesOfFrame({ seq, stamps, serialisedMs, writtenMs, shownMs }: TraceFrame, { index }: TraceBin): Slice[] {
  const { closed, dispatched, started, encoded, stepped, synthesised, received, written } = stamps;
  const decoder = "decoder";
  const steps = stepped.map((toMs, i): Slice => {
    const name = stepped.length === 1 ? "sample" : `step ${i + 1}`;
    return { track: decoder, name, fromMs: stepped[i - 1] ?? encoded, toMs };
  });
  return [
    { track: "mailbox", name: `bin ${index}`, fromMs: closed, toMs: dispatched },
    { track: decoder, name: "encode", fromMs: started, toMs: encoded },
    ...steps,
    { track: decoder, name: "to 8-bit colours", fromMs: stepped.at(-1) ?? encoded, toMs: synthesised },
    { track: "serialise", name: "evidence and lineage", fromMs: received, toMs: written },
    { track: "serialise", name: `frame ${seq}`, fromMs: written, toMs: serialisedMs },
    { track: "socket", name: `frame ${seq}`, fromMs: serialisedMs, toMs: writtenMs },
    ...(shownMs === null ? [] : [{ track: "viewer", name: `frame ${seq}`, fromMs: writtenMs, toMs: shownMs } as const]),
  ];
}

/** Gives each slice the first row of its track that is free at its beginning. */
class Lanes {
  readonly #ends = new Map<Track, number[]>();

  place(track: Track, ts: number, end: number): { pid: number; tid: number } {
    const ends = this.#ends.get(track) ?? [];
    this.#ends.set(track, ends);
    const free = ends.findIndex((lastEnd) => lastEnd <= ts);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = end;
    return { pid: PROCESS[track].pid, tid: TRACKS.indexOf(track) * MAX_LANES + lane };
  }

  names(): TraceEvent[] {
    return [...this.#ends].flatMap(([track, ends]) => {
      const { pid, name } = PROCESS[track];
      const threads = ends.map((_, lane): TraceEvent => {
        const called = lane === 0 ? track : `${track} ${lane + 1}`;
        return {
          name: "thread_name",
          ph: "M",
          pid,
          tid: TRACKS.indexOf(track) * MAX_LANES + lane,
          args: { name: called },
        };
      });
      return [{ name: "process_name", ph: "M", pid, tid: 0, args: { name } } as const, ...threads];
    });
  }
}

/** ms as whole nanoseconds in us. */
function us(ms: number): number {
  return Math.round(ms * 1e6) / 1000;
}
