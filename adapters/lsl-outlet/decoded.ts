import type { Native } from "../lsl/native.ts";
import { createGrid } from "./grid.ts";
import { type Description, type OutletOptions, openOutlet } from "./outlet.ts";

/** What the outlets must know of the session. */
export interface DecodedSession {
  /** Before `-latents`, `-evidence` and `-markers`. */
  readonly name: string;
  readonly session: string;
  readonly bundle: { readonly name: string; readonly digest: string };
  readonly groups: readonly { readonly name: string; readonly size: number }[];
  readonly binMs: number;
  /** Every how many bins a frame is due. */
  readonly everyBins: number;
}

/** A decoded frame, as far as it goes out; times are ms on the daemon's clock. */
export interface DecodedFrame {
  readonly seq: number;
  readonly state: string;
  readonly mu: Float32Array;
  /** Empty, or null: the bundle cannot tell. Goes out as not-a-number. */
  readonly bits: readonly number[];
  readonly explained: number | null;
  readonly atypicality: number | null;
  readonly bins: readonly [number, number];
  /** End of the last bin. */
  readonly endMs: number;
  readonly deadlineMs: number;
  readonly writtenMs: number;
}

/** Three outlets: latents and evidence (regular), markers of frames (JSON). A decoder without latents has no outlet for them. */
export interface DecodedOutlets {
  frame(frame: DecodedFrame): void;
  /** Frame `of` was written again as `seq` at `atMs`, `ageMs` old: a marker, and no sample of latents that nobody decoded. */
  held(seq: number, of: number, ageMs: number, atMs: number): void;
  /** The subject saw frame `seq` at `atMs`. */
  shown(seq: number, atMs: number): void;
  /**
   * Makes ready for another bundle. Where its groups are the same the streams go on; otherwise latents and evidence are opened anew, and those of before
   * end at `commit`. A marker says that frames are of that bundle from then on.
   */
  prepare(bundle: DecodedSession["bundle"], groups: DecodedSession["groups"]): Promise<PreparedOutlets>;
  /** How many of them somebody reads. */
  readonly consumers: number;
  close(): Promise<void>;
}

export interface PreparedOutlets {
  commit(atMs: number): void;
  discard(): Promise<void>;
}

/** Opens them all. `toLslS` maps the daemon's clock (ms) to LSL's (s). */
export async function openDecodedOutlets(
  native: Native,
  session: DecodedSession,
  toLslS: (ms: number) => number,
): Promise<DecodedOutlets> {
  const [first, markers] = await Promise.all([
    openNumbers(native, session, session),
    openOutlet(native, markersStream(session)),
  ]);
  let numbers = first;
  const grid = createGrid(session.everyBins, (session.binMs * session.everyBins) / 1000);
  const mark = (marker: Record<string, unknown>, atMs: number) =>
    markers.pushText(JSON.stringify(marker), toLslS(atMs));
  return {
    frame(frame) {
      const { seq, state, bins, deadlineMs, writtenMs } = frame;
      const stampS = toLslS(frame.endMs);
      for (const gapS of grid(bins[1], stampS)) numbers.gap(gapS);
      numbers.push(frame, stampS);
      const deadline = writtenMs > deadlineMs ? "missed" : "met";
      mark({ marker: "frame", seq, state, deadline, bins, lateMs: round(writtenMs - deadlineMs) }, writtenMs);
    },
    held: (seq, of, ageMs, atMs) => mark({ marker: "held", seq, of, ageMs: round(ageMs) }, atMs),
    shown: (seq, atMs) => mark({ marker: "shown", seq }, atMs),
    async prepare(bundle, groups) {
      const isSame = layout(groups) === numbers.layout;
      const next = isSame ? numbers : await openNumbers(native, { ...session, bundle, groups }, session);
      return {
        commit(atMs) {
          const previous = numbers;
          numbers = next;
          mark({ marker: "switched", bundle: bundle.name, digest: bundle.digest }, atMs);
          if (!isSame) void previous.close();
        },
        discard: async () => void (isSame || (await next.close())),
      };
    },
    get consumers() {
      return numbers.consumers + (markers.hasConsumers ? 1 : 0);
    },
    close: async () => void (await Promise.all([numbers.close(), markers.close()])),
  };
}

/** Streams of one layout. */
interface Numbers {
  readonly layout: string;
  readonly consumers: number;
  push(frame: DecodedFrame, stampS: number): void;
  /** A sample of a frame that nobody decoded. */
  gap(stampS: number): void;
  close(): Promise<void>;
}

/** Latents and evidence of `session`. Where its layout is not that of the start they are other streams, that no reader takes for those. */
async function openNumbers(native: Native, session: DecodedSession, start: DecodedSession): Promise<Numbers> {
  const { groups, bundle } = session;
  const variant = layout(groups) === layout(start.groups) ? "" : `:${bundle.name}`;
  const [latents, evidence] = await Promise.all([
    groups.length === 0 ? null : openOutlet(native, latentsStream(session, variant)),
    openOutlet(native, evidenceStream(session, variant)),
  ]);
  const missing = {
    latents: new Float32Array(dimension(session)).fill(Number.NaN),
    evidence: new Float32Array(groups.length + 2).fill(Number.NaN),
  };
  return {
    layout: layout(groups),
    get consumers() {
      return [latents, evidence].filter((outlet) => outlet?.hasConsumers).length;
    },
    push({ mu, bits, explained, atypicality }, stampS) {
      latents?.pushNumbers(mu, stampS);
      const known = bits.length === 0 ? groups.map(() => Number.NaN) : bits;
      const whole = [explained ?? Number.NaN, atypicality ?? Number.NaN];
      evidence.pushNumbers(Float32Array.from([...known, ...whole]), stampS);
    },
    gap(stampS) {
      latents?.pushNumbers(missing.latents, stampS);
      evidence.pushNumbers(missing.evidence, stampS);
    },
    close: async () => void (await Promise.all([latents?.close(), evidence.close()])),
  };
}

function layout(groups: DecodedSession["groups"]): string {
  return JSON.stringify(groups.map(({ name, size }) => [name, size]));
}

function latentsStream(session: DecodedSession, variant: string): OutletOptions {
  const channel = session.groups.flatMap(({ name, size }) =>
    Array.from({ length: size }, (_, i) => ({ label: `${name}.${i}`, unit: "a.u.", type: "Latent", group: name })),
  );
  return regular(session, "latents", "Latents", channel, variant);
}

function evidenceStream(session: DecodedSession, variant: string): OutletOptions {
  const groups = session.groups.map(({ name }) => ({ label: `bits.${name}`, unit: "bit", type: "Evidence" }));
  const whole = [
    { label: "explained", unit: "correlation", type: "Evidence" },
    { label: "atypicality", unit: "sd", type: "Evidence" },
  ];
  return regular(session, "evidence", "Evidence", [...groups, ...whole], variant);
}

function regular(
  session: DecodedSession,
  what: string,
  type: string,
  channel: readonly Description[],
  variant: string,
): OutletOptions {
  const rateHz = 1000 / (session.binMs * session.everyBins);
  const description = { channels: { channel }, ...about(session, "end of the last bin of the window") };
  return {
    ...identity(session, what, variant),
    type,
    format: "float32",
    channels: channel.length,
    rateHz,
    description,
  };
}

function markersStream(session: DecodedSession): OutletOptions {
  const channel = { label: "marker", type: "Marker", unit: "json" };
  const description = {
    channels: { channel },
    ...about(session, "frame, held: written to the viewers; shown: displayed"),
  };
  return { ...identity(session, "markers"), type: "Markers", format: "string", channels: 1, rateHz: 0, description };
}

/** The source_id outlives a restart, so that a recorder takes the stream up again. */
function identity({ name }: DecodedSession, what: string, variant = "") {
  return { name: `${name}-${what}`, sourceId: `phosphene:${name}:${what}${variant}` };
}

function about({ session, bundle, binMs, everyBins }: DecodedSession, stamps: string): Description {
  return {
    acquisition: { manufacturer: "Phosphene", model: bundle.name, bundle: bundle.digest, session, binMs, everyBins },
    synchronization: { time_source: "LSL clock of the decoding machine", stamps, can_drop_samples: "false" },
  };
}

function dimension({ groups }: DecodedSession): number {
  return groups.reduce((sum, { size }) => sum + size, 0);
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
