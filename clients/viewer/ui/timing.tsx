import type { Stage } from "../../../src/protocol/messages.ts";
import { ms } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";
import { stripPainter } from "../paint/strip.ts";
import { METER_BUDGETS, timingPainter } from "../paint/timing.ts";
import { usePainter, useTick } from "./hooks.ts";

const ROWS: { stage: Stage; name: string }[] = [
  { stage: "total", name: "latency" },
  { stage: "age", name: "spike age" },
  { stage: "glass", name: "on glass" },
];

/** The daemon's percentiles since its start. */
function Percentiles({ viewer }: { viewer: Viewer }) {
  useTick();
  const latency = viewer.state.status?.latency;
  return (
    <table>
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
            <td class="num">{ms(latency?.[stage].p50)}</td>
            <td class="num">{ms(latency?.[stage].p99)}</td>
            <td class="num">{ms(latency?.[stage].max)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

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
        <div>
          <dt>spike age</dt>
          <dd class="num" data-value="age" />
        </div>
        <div>
          <dt>on glass</dt>
          <dd class="num" data-value="glass" />
        </div>
        <div>
          <dt>steps</dt>
          <dd class="num" data-value="steps" />
        </div>
      </dl>
    </div>
  );
}

/** Bin closed to picture written, against the budget. */
export function Timing({ viewer, budgetMs }: { viewer: Viewer; budgetMs: number | null }) {
  const strip = usePainter<HTMLDivElement>(viewer, (element) => stripPainter(viewer, element), "", "series");
  return (
    <section class="panel timing" aria-labelledby="timing-title">
      <div class="head">
        <h2 id="timing-title">Deadline</h2>
        <span class="hint">bin closed to picture written, last 240 frames, ms</span>
      </div>
      <Now viewer={viewer} budgetMs={budgetMs} />
      <div ref={strip} class="strip" role="img" aria-label="Latency of the last 240 frames against the budget" />
      <Percentiles viewer={viewer} />
    </section>
  );
}
