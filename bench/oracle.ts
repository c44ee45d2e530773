// `npm run bench -- oracle`: a bundle of kind `optimise` on a played session: how near the live frames, which go on from the last one by a few
// iterations each, come to what many iterations from grey find for the same window.
import { parseArgs } from "node:util";
import { readBundleOf } from "../daemon/bundle.ts";
import { openKind } from "../daemon/decoder/kinds.ts";
import { readSession } from "../rig/session.ts";
import type { SimulatedSession } from "../rig/session-schema.ts";
import { playSimulated } from "../rig/simulated.ts";
import type { Decoder } from "../src/decode/decoder.ts";
import { correlation } from "../src/decode/evidence.ts";
import type { OptimiseManifest } from "../src/decode/manifest.ts";
import { normalise } from "../src/ops/window.ts";
import { beginRun, type Origin, OUTPUT_OPTIONS, originText, publish } from "./output.ts";
import { table } from "./table.ts";

/** A response has reached every unit and has not begun to fall off: ms after the onset of a stimulus, at the window's beginning and end. */
const INSIDE = { fromMs: 100, untilMs: 950 };

interface Row {
  readonly iterations: number;
  /** Mean correlation of live frame and oracle over pixels: of all frames compared, and of windows wholly inside a response. */
  readonly all: number;
  readonly inside: number;
  readonly msPerFrame: number;
}

export interface OracleResult extends Origin {
  readonly bundle: string;
  readonly oracleIterations: number;
  readonly frames: number;
  readonly compared: number;
  readonly inside: number;
  readonly rows: readonly Row[];
}

interface Played {
  readonly values: Float32Array;
  readonly inside: boolean;
}

export async function oracle(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...OUTPUT_OPTIONS,
      bundle: { type: "string", default: "runs/demo-optimise" },
      session: { type: "string", default: "models/demo/session" },
      seconds: { type: "string", default: "20" },
      every: { type: "string", default: "5" },
      iterations: { type: "string", default: "512" },
      threads: { type: "string", default: "2" },
      seed: { type: "string", default: "1" },
    },
  });
  const finish = beginRun("oracle", args);
  const { manifest } = await readBundleOf(values.bundle, "optimise");
  const seconds = values.smoke ? 1 : Number(values.seconds);
  const played = play(await readSession(values.session), manifest, seconds, Number(values.seed));
  const every = Number(values.every);
  const decoder = await open(values.bundle, manifest, Number(values.threads));
  const most = decoder.steps.at(-1)!;
  const rounds = Math.ceil((values.smoke ? most : Number(values.iterations)) / most);
  const found: (Uint8Array | null)[] = [];
  for (const [i, { values: window }] of played.entries())
    found.push(i % every === every - 1 ? await converge(decoder, window, most, rounds) : null);
  const rows: Row[] = [];
  for (const k of decoder.steps) rows.push(await live(decoder, played, found, k));
  await decoder.dispose();
  const compared = played.filter((_, i) => found[i] !== null);
  const result: OracleResult = {
    ...finish(),
    bundle: manifest.name,
    oracleIterations: rounds * most,
    frames: played.length,
    compared: compared.length,
    inside: compared.filter(({ inside }) => inside).length,
    rows,
  };
  publish(result, oracleText(result), {
    json: values.json,
    write: values.write,
    section: values.section ?? "oracle",
  });
}

async function open(dir: string, manifest: OptimiseManifest, threads: number): Promise<Decoder> {
  const way = { provider: "cpu", runner: "bound" } as const;
  const options = { solver: "ddim", maxSteps: 64, guidance: null, seed: 1, threads, way } as const;
  return (await openKind(dir, manifest, options, () => {})).decoder;
}

/** Every window of the simulated session, as the daemon makes them. */
function play(
  session: SimulatedSession | unknown,
  manifest: OptimiseManifest,
  seconds: number,
  seed: number,
): Played[] {
  if (!isSimulated(session)) throw new Error("oracle: expected a simulated session, got a recording");
  const { bins, units, normalisation } = manifest;
  const source = playSimulated(session, seed);
  const kept: Float32Array[] = [];
  const out: Played[] = [];
  let onsetMs = Number.NEGATIVE_INFINITY;
  for (let endMs = bins.widthMs; endMs <= 1000 * seconds; endMs += bins.widthMs) {
    const counts = new Float32Array(units.count);
    const { spikeUnits, events } = source.next(bins.widthMs);
    for (const unit of spikeUnits) counts[unit]!++;
    if (events.some(({ state }) => state === 1)) onsetMs = endMs - bins.widthMs;
    kept.push(counts);
    if (kept.length < bins.window) continue;
    const window = Float32Array.from(kept.slice(-bins.window).flatMap((bin) => [...bin]));
    const beginMs = endMs - bins.window * bins.widthMs;
    const inside = beginMs - onsetMs >= INSIDE.fromMs && endMs - onsetMs <= INSIDE.untilMs;
    out.push({ values: normalise(window, normalisation), inside });
  }
  return out;
}

function isSimulated(session: unknown): session is SimulatedSession {
  return typeof session === "object" && session !== null && "drivenHz" in session;
}

/** From grey, by so many rounds of the most iterations that a frame can have. */
async function converge(decoder: Decoder, values: Float32Array, steps: number, rounds: number): Promise<Uint8Array> {
  decoder.reset();
  let image: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < rounds; i++) ({ image } = await decoder.decode({ values, steps, steering: [] }));
  return image;
}

/** The session with k iterations a frame. */
async function live(
  decoder: Decoder,
  played: readonly Played[],
  oracles: readonly (Uint8Array | null)[],
  k: number,
): Promise<Row> {
  decoder.reset();
  const all: number[] = [];
  const inside: number[] = [];
  let spentMs = 0;
  for (const [i, { values, inside: isInside }] of played.entries()) {
    const startMs = performance.now();
    const { image } = await decoder.decode({ values, steps: k, steering: [] });
    spentMs += performance.now() - startMs;
    const wanted = oracles[i];
    if (wanted === null || wanted === undefined) continue;
    const r = correlation(image, wanted);
    all.push(r);
    if (isInside) inside.push(r);
  }
  return { iterations: k, all: mean(all), inside: mean(inside), msPerFrame: spentMs / played.length };
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

function oracleText(result: OracleResult): string {
  const { bundle, oracleIterations, frames, compared, inside, rows } = result;
  const said = `${bundle}, ${frames} frames; ${compared} compared with ${oracleIterations} iterations from grey, ${inside} of them wholly inside a response.`;
  const cells = rows.map(({ iterations, all, inside: within, msPerFrame }) => [
    String(iterations),
    ...[all, within].map((r) => r.toFixed(3)),
    msPerFrame.toFixed(2),
  ]);
  const head = ["iterations a frame", "correlation, all", "inside responses", "ms a frame, mean"];
  return [originText(result), "", said, "", ...table(cells, head)].join("\n");
}
