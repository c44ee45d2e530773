import { useReducer } from "preact/hooks";
import type { ChoiceBody, HelloBody, StatusBody } from "../../../src/protocol/messages.ts";
import { count } from "../lib/format.ts";
import type { Adapting, Switching } from "../lib/operator.ts";
import type { Viewer } from "../lib/viewer.ts";
import { useTick } from "./hooks.ts";
import { Lineage } from "./lineage.tsx";
import { Pill, type Tone } from "./pill.tsx";

const TONE: Record<ChoiceBody["state"], Tone> = { active: "good", loading: "warn", available: "idle" };

function whose(by: number, viewer: number | undefined, what: string): string {
  return by === viewer ? `your ${what}` : `${what} by viewer ${by}`;
}

/** One sentence: from which frame the last change of the decoder holds, or what became of it. */
export function switchWords(
  { pending, refusal, answered }: Switching,
  decoders: readonly ChoiceBody[],
  viewer?: number,
): string {
  const active = decoders.find(({ state }) => state === "active")?.name;
  if (pending && pending.bundle === active) return `${active} has taken over, its first frame is awaited`;
  const loading = decoders.find(({ state }) => state === "loading")?.name ?? pending?.bundle;
  if (loading !== undefined) return `${loading} loads, frames go on with the decoder of before`;
  if (refusal !== null) return `refused: ${refusal}`;
  if (!answered) return "the decoder that the daemon started with";
  return `${whose(answered.by, viewer, "switch")} to ${answered.bundle} holds from frame ${count(answered.seq)}`;
}

/** One sentence: whether the decoder learns, from how much, or why it cannot. */
export function adaptWords(
  { pending, refusal, answered }: Adapting,
  { possible, on, updates, why }: StatusBody["adaptation"],
  viewer?: number,
): string {
  if (!possible) return why ?? "this decoder does not learn while it runs";
  if (pending) return "sent, waiting for the first frame";
  if (refusal !== null) return `refused: ${refusal}`;
  const many = `${count(updates)} ${updates === 1 ? "update" : "updates"}`;
  const now = on ? `learns from known stimuli: ${many}` : updates > 0 ? `stands still after ${many}` : "off";
  const change = answered && `${whose(answered.by, viewer, "change")} holds from frame ${count(answered.seq)}`;
  return change ? `${now}; ${change}` : now;
}

interface Part {
  viewer: Viewer;
  hello: HelloBody;
  status: StatusBody;
  allowed: boolean;
  changed(act: () => void): void;
}

function Choices({ viewer, hello, status, allowed, changed }: Part) {
  const { switching } = viewer.operator;
  const { decoders } = status;
  const busy = switching.phase === "sending" || decoders.some(({ state }) => state === "loading");
  return (
    <section class="switch" aria-label="decoders" data-phase={switching.phase}>
      <ul>
        {decoders.map(({ name, kind, digest, state, detail }) => (
          <li key={name} data-state={state}>
            <Pill label={name} tone={TONE[state]} text={state} />
            <span
              class="hint clip"
              title={[`bundle digest ${digest}`, detail].filter((word) => word !== "").join(": ")}
            >
              {[kind, detail].filter((word) => word !== "").join(" · ")}
            </span>
            {allowed && state === "available" && (
              <button
                type="button"
                disabled={busy}
                aria-label={`Decode with ${name}`}
                onClick={() => changed(() => switching.ask({ bundle: name }))}
              >
                Switch
              </button>
            )}
          </li>
        ))}
      </ul>
      <p class="words" role="status">
        {switchWords(switching, decoders, hello.viewer)}
      </p>
      {decoders.length < 2 && <p class="hint">others are offered when the configuration names them (bundles)</p>}
    </section>
  );
}

function Adaptation({ viewer, hello, status, allowed, changed }: Part) {
  const { adapting } = viewer.operator;
  const { possible, on, updates } = status.adaptation;
  return (
    <section class="adapt" aria-label="adaptation" data-phase={adapting.phase}>
      <h3>Adaptation</h3>
      <p class="words" role="status">
        {adaptWords(adapting, status.adaptation, hello.viewer)}
      </p>
      {possible && (
        <div class="row">
          <button
            type="button"
            aria-pressed={on}
            disabled={!allowed || adapting.phase === "sending"}
            onClick={() => changed(() => adapting.ask({ on: !on }))}
          >
            {on ? "Stop learning" : "Learn"}
          </button>
          <button
            type="button"
            disabled={!allowed || adapting.phase === "sending" || updates === 0}
            onClick={() => changed(() => adapting.ask({ on: null, reset: true }))}
          >
            Forget
          </button>
        </div>
      )}
    </section>
  );
}

/** Which decoder runs and what else could, whether it learns, and what the shown picture was made with; operators change it. */
export function DecoderPanel({ viewer, hello }: { viewer: Viewer; hello: HelloBody | null }) {
  useTick();
  const [, show] = useReducer((n: number) => n + 1, 0);
  const { status, link } = viewer.live;
  if (!hello || !status) return <p class="hint">no status yet</p>;
  const changed = (act: () => void) => {
    act();
    show(0);
  };
  const allowed = hello.role === "operator" && link.phase === "open";
  const part: Part = { viewer, hello, status, allowed, changed };
  return (
    <div class="decoders">
      <Choices {...part} />
      <div class="beside">
        <Adaptation {...part} />
        <Lineage frame={viewer.state.frame} hello={viewer.state.hello} />
      </div>
    </div>
  );
}
