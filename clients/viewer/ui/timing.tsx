import type { Stage } from "../../../src/protocol/messages.ts";
import { ms } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";
import { cdfPainter } from "../paint/cdf.ts";
import { stripPainter } from "../paint/strip.ts";
import { METER_BUDGETS, timingPainter } from "../paint/timing.ts";
import { usePainter, useTick } from "./hooks.ts";
import { Waterfall } from "./waterfall.tsx";

const ROWS: { stage: Stage; name: string }[] = [
  { stage: "total", name: "latency" },
  { stage: "age", name: "spike age" },
  { stage: "glass", name: "on glass" },
];

/** The daemon's percentiles since its start. */
function Percentiles({ viewer }: { viewer: Viewer }) {
  useTick();
  const latency = viewer.state.status?.latency;
  const known = (stage: Stage) => (latency?.[stage].n ? latency[stage] : undefined);
  return (
    <table class="percentiles">
      <thead>
        <tr>
          <th scope="col">ms</th>
          <th scope="col">p50</th>
          <th scope="col">p99</th>
          <th scope="col">max</th>
        </tr>
      </thead>
      <tbody>
        {ROWS.map(({ stage, name }) => (
          <tr key={stage}>
            <th scope="row">{name}</th>
            <td class="num">{ms(known(stage)?.p50)}</td>
            <td class="num">{ms(known(stage)?.p99)}</td>
            <td class="num">{ms(known(stage)?.max)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const VALUES = [
  { value: "shown-age", name: "shown age", title: "age of the picture on this page: now minus the close of its bin" },
  { value: "age", name: "spike age", title: "newest spike to picture written" },
  { value: "glass", name: "on glass", title: "bin closed to picture on this screen" },
  { value: "steps", name: "steps", title: "steps of the sampler, and why not more" },
];

function Now({ viewer, budgetMs }: { viewer: Viewer; budgetMs: number | null }) {
  const root = usePainter<HTMLDivElement>(viewer, (element) => timingPainter(viewer, element));
  return (
    <div ref={root} class="now">
      <p class="big">
        <span class="num" data-value="total" />
        <span class="unit">of {ms(budgetMs)} ms</span>
      </p>
      <span class="track meter">
        <span class="fill" />
        <span class="mark" style={{ left: `${100 / METER_BUDGETS}%` }} />
      </span>
      <dl class="values">
        {VALUES.map(({ value, name, title }) => (
          <div key={value} title={title}>
            <dt>{name}</dt>
            <dd class="num" data-value={value} />
          </div>
        ))}
      </dl>
    </div>
  );
}

function Plots({ viewer }: { viewer: Viewer }) {
  const strip = usePainter<HTMLDivElement>(viewer, (element) => stripPainter(viewer, element), "", "series");
  const cdf = usePainter<HTMLDivElement>(viewer, (element) => cdfPainter(viewer, element), "", "series");
  return (
    <>
      <figure>
        <figcaption>last 240 frames, ms</figcaption>
        <div ref={strip} class="plot" role="img" aria-label="Latency of the last 240 frames against the budget" />
      </figure>
      <figure>
        <figcaption>% of 2,000 frames within, ms</figcaption>
        <div ref={cdf} class="plot" role="img" aria-label="Share of frames within a latency, against the budget" />
      </figure>
    </>
  );
}

/** Bin closed to picture written, against the budget: now, stage by stage, lately, and since the start. */
export function Timing({ viewer, budgetMs }: { viewer: Viewer; budgetMs: number | null }) {
  return (
    <div class="timing">
      <Now viewer={viewer} budgetMs={budgetMs} />
      <Waterfall viewer={viewer} />
      <div class="plots">
        <Plots viewer={viewer} />
        <Percentiles viewer={viewer} />
      </div>
    </div>
  );
}
