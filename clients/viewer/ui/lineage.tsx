import type { HelloBody } from "../../../src/protocol/messages.ts";
import { count, fixed } from "../lib/format.ts";
import type { Frame } from "../lib/state.ts";

/** What else a picture depends on besides its own window. */
export function historyWords(history: number): string {
  if (history === 0) return "none: its own window only";
  return `${count(history)} earlier`;
}

/** What the shown picture was made with. The whole of it is in a saved picture. */
export function Lineage({ frame, hello }: { frame: Frame | null; hello: HelloBody | null }) {
  if (!frame || !hello) return null;
  const facts: [name: string, value: string, title: string][] = [
    ["frame", count(frame.seq), "number of the frame in this session"],
    ["made by", `${hello.bundle.name} ${frame.bundle.replace(/^sha256:/, "").slice(0, 8)}`, "bundle and its digest"],
    ["solver", `${frame.solver}, ${frame.steps} ${frame.steps === 1 ? "step" : "steps"}`, "and how many of its steps"],
    ["seed", String(frame.seed), "of the session's noise"],
    ...(frame.guidance === null ? [] : ([["guidance", fixed(frame.guidance, 1), "weight"]] satisfies typeof facts)),
    [
      "history",
      historyWords(frame.history),
      "windows, or updates of an adaptation, that the picture depends on besides its own window",
    ],
  ];
  return (
    <section class="lineage" aria-label="lineage">
      <h3>This picture</h3>
      <dl>
        {facts.map(([name, value, title]) => (
          <div key={name} class="fact" title={title}>
            <dt>{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
