import type { HelloBody } from "../../../src/protocol/messages.ts";
import type { Viewer } from "../lib/viewer.ts";
import { classPainter, valuePainter } from "../paint/bars.ts";
import { usePainter } from "./hooks.ts";

interface Part {
  viewer: Viewer;
  name: string;
  labels: string[];
}

function ClassReadout({ viewer, name, labels }: Part) {
  const root = usePainter<HTMLDivElement>(viewer, (element) => classPainter(viewer, element, name));
  return (
    // As much height as it has rows, so that all labels of all readouts are in sight.
    <div ref={root} class="classes" style={{ flexGrow: labels.length }}>
      {labels.map((label) => (
        <div key={label} class="bar">
          <span class="name">{label}</span>
          <span class="track">
            <span class="fill" />
          </span>
          <span class="num" />
        </div>
      ))}
    </div>
  );
}

function ValueReadout({ viewer, name, labels }: Part) {
  const root = usePainter<HTMLDListElement>(viewer, (element) => valuePainter(viewer, element, name));
  return (
    <dl ref={root} class="values">
      {labels.map((label) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd class="num" />
        </div>
      ))}
    </dl>
  );
}

/** What the encoder reads out beside the picture: classes as probabilities, values as numbers. */
export function Readouts({ viewer, hello }: { viewer: Viewer; hello: HelloBody | null }) {
  const readouts = hello?.bundle.readouts ?? [];
  const classes = readouts.filter(({ kind }) => kind === "class");
  const values = readouts.filter(({ kind }) => kind === "value");
  return (
    <section class="readouts" aria-labelledby="readouts-title">
      <h2 id="readouts-title">{classes[0]?.name ?? "Readout"}</h2>
      {hello && readouts.length === 0 && <p class="hint">this decoder has none</p>}
      {classes.map(({ name, labels }) => (
        <ClassReadout key={name} viewer={viewer} name={name} labels={labels} />
      ))}
      <div class="value-row">
        {values.map(({ name, labels }) => (
          <ValueReadout key={name} viewer={viewer} name={name} labels={labels} />
        ))}
      </div>
    </section>
  );
}
