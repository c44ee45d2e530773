import type { HelloBody } from "../../../src/protocol/messages.ts";
import { fixed } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";
import { type Gauge, gaugePainter } from "../paint/bars.ts";
import { usePainter } from "./hooks.ts";

interface Row {
  name: string;
  unit: string;
  /** null where the bundle has none. */
  threshold: number | null;
  /** Why the bundle cannot tell this measure; undefined where it can. */
  missing: string | undefined;
  bound: "least" | "most";
  gauge: Gauge;
}

function rows({ evidence, latents }: HelloBody["bundle"]): Row[] {
  const { bitsThreshold, explainedThreshold, atypicalityThreshold, missing } = evidence;
  const meter = (read: Gauge["read"], threshold: number | null, sign: 1 | -1, full: number, digits: number): Gauge => {
    return { read, fails: (_, value) => threshold !== null && sign * value < sign * threshold, full, digits };
  };
  const fullBits = Math.max(latents.dimension, 3 * (bitsThreshold ?? 0), 1);
  const bits = meter((v) => v.state.frame?.bits ?? null, bitsThreshold, 1, fullBits, 1);
  const explained = meter((v) => v.state.frame?.explained ?? null, explainedThreshold, 1, 1, 2);
  const fullSd = Math.max(1, 1.5 * (atypicalityThreshold ?? 0));
  const atypicality = meter((v) => v.state.frame?.atypicality ?? null, atypicalityThreshold, -1, fullSd, 2);
  const least = { bound: "least" } as const;
  return [
    { name: "information", unit: "bits", threshold: bitsThreshold, missing: missing.bits, gauge: bits, ...least },
    {
      name: "explained",
      unit: "r",
      threshold: explainedThreshold,
      missing: missing.explained,
      gauge: explained,
      ...least,
    },
    {
      name: "atypicality",
      unit: "",
      threshold: atypicalityThreshold,
      missing: missing.atypicality,
      gauge: atypicality,
      bound: "most",
    },
  ];
}

function GaugeRow({ viewer, row }: { viewer: Viewer; row: Row }) {
  const { threshold, gauge } = row;
  const root = usePainter<HTMLDivElement>(viewer, (element) => gaugePainter(viewer, element, gauge));
  const left = `${Math.max(0, Math.min(100, (100 * (threshold ?? 0)) / gauge.full))}%`;
  return (
    <div ref={root} class="gauge">
      <span class="name">{row.name}</span>
      <span class="num" />
      <span class="unit">{row.unit}</span>
      <span class="track">
        <span class="fill" />
        {threshold !== null && <span class="mark" style={{ left }} />}
      </span>
      {threshold !== null && (
        <span class="need">
          at {row.bound} {fixed(threshold, gauge.digits)}
        </span>
      )}
    </div>
  );
}

/** A measure that the decoder cannot tell: its reason stands where the numbers would. */
function MissingRow({ row }: { row: Row }) {
  return (
    <div class="gauge missing">
      <span class="name">{row.name}</span>
      <span class="why">{row.missing}</span>
    </div>
  );
}

/** How much of the picture is brain: three measures against the bundle's thresholds. */
export function Evidence({ viewer, hello }: { viewer: Viewer; hello: HelloBody | null }) {
  return (
    <section class="evidence" aria-labelledby="evidence-title">
      <h2 id="evidence-title">Evidence</h2>
      {hello &&
        rows(hello.bundle).map((row) =>
          row.missing === undefined ? (
            <GaugeRow key={`${row.name} ${hello.bundle.digest}`} viewer={viewer} row={row} />
          ) : (
            <MissingRow key={row.name} row={row} />
          ),
        )}
    </section>
  );
}
