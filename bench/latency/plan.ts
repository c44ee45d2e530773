import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readBundle } from "../../daemon/bundle.ts";
import { retimed } from "../retime.ts";

export interface Wanted {
  readonly bundle: string;
  readonly frames: number;
  /** Frames before the first that counts. */
  readonly warmUp: number;
  /** Frames/s; the configuration's cadence without one. */
  readonly rateHz: number | null;
  readonly provider: string | null;
  /** A configuration file to start from. */
  readonly config: string | null;
  readonly budgetMs: number | null;
  /** `key=value` of the configuration's `decode`, the value as in YAML. */
  readonly decode?: readonly string[] | undefined;
  /** Folder of the session that the rig plays; the bundle's own without one. */
  readonly session?: string | undefined;
}

/** What is run: a bundle, how often it is decoded, and the daemon's configuration. */
export interface Plan {
  readonly dir: string;
  readonly name: string;
  readonly digest: string;
  readonly kind: string;
  /** Width of a bin, ms, and every how manieth is decoded. */
  readonly widthMs: number;
  readonly everyBins: number;
  readonly image: string;
  /** The bundle whose bins were given another width, or null. */
  readonly retimedFrom: string | null;
  /** Length of a block of the rig, ms. */
  readonly blockMs: number;
  /** The session that the rig plays. */
  readonly session: string;
  readonly config: Record<string, unknown>;
}

type Section = Record<string, unknown>;
const DEFAULT_EVERY_BINS = 2;
const SPARE_BINS = 5_000;

/** Chooses bin width and cadence for the wanted rate: the bundle's own bins where they are fine enough, else those of a retimed copy. */
export async function makePlan(wanted: Wanted): Promise<Plan> {
  const base: Section = wanted.config === null ? {} : (parse(readFileSync(wanted.config, "utf8")) ?? {});
  const decode: Section = { ...Object(base.decode) };
  const original = await readBundle(wanted.bundle);
  const isTooFast = wanted.rateHz !== null && wanted.rateHz > (1000 / original.manifest.bins.widthMs) * 1.01;
  const dir = isTooFast ? await retimed(wanted.bundle, 1000 / wanted.rateHz!) : wanted.bundle;
  const { manifest, digest } = isTooFast ? await readBundle(dir) : original;
  const { widthMs } = manifest.bins;
  const configured = Number(decode.everyBins ?? DEFAULT_EVERY_BINS);
  const everyBins = wanted.rateHz === null ? configured : Math.max(1, Math.round(1000 / widthMs / wanted.rateHz));
  decode.everyBins = everyBins;
  if (wanted.provider !== null) decode.provider = wanted.provider;
  if (wanted.budgetMs !== null) decode.budgetMs = wanted.budgetMs;
  for (const setting of wanted.decode ?? []) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(setting) ?? [];
    if (key === undefined) throw new Error(`--decode: expected KEY=VALUE, got ${setting}`);
    decode[key] = parse(value ?? "");
  }
  const bins = (wanted.frames + wanted.warmUp) * everyBins + SPARE_BINS;
  return {
    ...{ dir, name: manifest.name, digest, kind: manifest.kind, widthMs, everyBins },
    image: `${manifest.image.width}x${manifest.image.height}`,
    retimedFrom: isTooFast ? wanted.bundle : null,
    session: wanted.session ?? join(dir, "session"),
    blockMs: Math.max(1, Math.min(10, Math.floor(widthMs / 2))),
    config: { ...base, decode, trace: { bins }, log: { level: "warn", ...Object(base.log) } },
  };
}
