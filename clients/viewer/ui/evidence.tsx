import type { HelloBody } from "../../../src/protocol/messages.ts";
import { fixed } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";
import { type Gauge, gaugePainter } from "../paint/bars.ts";
import { usePainter } from "./hooks.ts";

interface Row {
  name: string;
  unit: string;
  threshold: number;
  bound: "least" | "most";
  gauge: Gauge;
}

function rows({ evidence, latents }: HelloBody["bundle"]): Row[] {
  const { bitsThreshold, explainedThreshold, atypicalityThreshold } = evidence;
  const { dimension } = latents;
  const least = (threshold: number, read: Gauge["read"], full: number, digits: number): Gauge => {
    return { read, fails: (_, value) => value < threshold, full, digits };
  };
  const bits = least(bitsThreshold, (v) => v.state.frame?.bits ?? null, Math.max(dimension, 3 * bitsThreshold), 1);
  const explained = least(explainedThreshold, (v) => v.state.frame?.explained ?? null, 1, 2);
  const atypicality: Gauge = {
    read: (v) => v.state.frame?.atypicality ?? null,
    fails: (_, value) => value > atypicalityThreshold,
    full: Math.max(1, 1.5 * atypicalityThreshold),
    digits: 2,
  };
  return [
    { name: "information", unit: "bits", threshold: bitsThreshold, bound: "least", gauge: bits },
    { name: "explained", unit: "r", threshold: explainedThreshold, bound: "least", gauge: explained },
    { name: "atypicality", unit: "", threshold: atypicalityThreshold, bound: "most", gauge: atypicality },
  ];
}

function GaugeRow({ viewer, row }: { viewer: Viewer; row: Row }) {
  const root = usePainter<HTMLDivElement>(viewer, (element) => gaugePainter(viewer, element, row.gauge));
  const left = `${Math.max(0, Math.min(100, (100 * row.threshold) / row.gauge.full))}%`;
  return (
    <div ref={root} class="gauge">
      <span class="name">{row.name}</span>
      <span class="num" />
      <span class="unit">{row.unit}</span>
      <span class="track">
        <span class="fill" />
        <span class="mark" style={{ left }} />
      </span>
      <span class="need">
        at {row.bound} {fixed(row.threshold, row.gauge.digits)}
      </span>
    </div>
  );
}

/** How much of the picture is brain: three measures against the bundle's thresholds. */
export function Evidence({ viewer, hello }: { viewer: Viewer; hello: HelloBody | null }) {
  return (
    <section class="evidence" aria-labelledby="evidence-title">
      <h2 id="evidence-title">Evidence</h2>
      {hello && rows(hello.bundle).map((row) => <GaugeRow key={row.name} viewer={viewer} row={row} />)}
    </section>
  );
}
