import { useReducer } from "preact/hooks";
import type { HelloBody } from "../../../src/protocol/messages.ts";
import { count, signed } from "../lib/format.ts";
import type { Steering as Steered } from "../lib/steering.ts";
import type { Viewer } from "../lib/viewer.ts";
import { useTick } from "./hooks.ts";
import { Slider } from "./slider.tsx";

/** Traversals are offered as far as a latent of the prior reaches. */
const REACH = 3;

/** One sentence: from which frame the last change holds, or what became of it. */
export function steeringWords({ phase, refusal, acknowledged }: Steered, viewer: number | undefined): string {
  if (phase === "sending") return "sent, waiting for the first frame";
  if (phase === "refused") return `refused: ${refusal}`;
  if (!acknowledged) return "as the bundle decodes by itself";
  const whose = acknowledged.by === viewer ? "your change" : `change by viewer ${acknowledged.by}`;
  return `${whose} holds from frame ${count(acknowledged.seq)}`;
}

function Groups({ hello, steering, allowed, changed }: Part) {
  const { gamma } = steering.values;
  return hello.bundle.latents.groups.map(({ name }, i) => (
    <Slider
      key={name}
      name={name}
      text={gamma[i] ? signed(gamma[i], 1) : "0"}
      range={{ min: -REACH, max: REACH, step: 0.1, neutral: 0 }}
      value={gamma[i] ?? 0}
      allowed={allowed}
      change={(value) => changed(() => steering.setGamma(i, value))}
    />
  ));
}

interface Part {
  hello: HelloBody;
  steering: Steered;
  allowed: boolean;
  changed(act: () => void): void;
}

function Guidance({ hello, steering, allowed, changed }: Part) {
  if (!hello.guidance) return null;
  const value = steering.values.guidance ?? hello.guidance.default;
  return (
    <Slider
      name="guidance"
      text={value.toFixed(1)}
      range={{ min: hello.guidance.min, max: hello.guidance.max, step: 0.1, neutral: hello.guidance.default }}
      value={value}
      allowed={allowed}
      change={(weight) => changed(() => steering.setGuidance(weight))}
    />
  );
}

/** What operators add to the latents of every group, and how strongly the sampler follows them; others only see it. */
export function SteeringPanel({ viewer, hello }: { viewer: Viewer; hello: HelloBody | null }) {
  useTick();
  const [, show] = useReducer((n: number) => n + 1, 0);
  if (!hello) return <p class="hint">no daemon yet</p>;
  const { steering } = viewer.operator;
  const changed = (act: () => void) => {
    act();
    show(0);
  };
  const allowed = hello.role === "operator" && viewer.live.link.phase === "open";
  const part: Part = { hello, steering, allowed, changed };
  return (
    <div class="steering" data-phase={steering.phase}>
      <p class="hint">
        {hello.bundle.latents.groups.length === 0
          ? "this decoder has no latents to steer"
          : "added to every latent of a group, in sd of the prior"}
      </p>
      <div class="sliders">
        <Groups {...part} />
        <Guidance {...part} />
      </div>
      <div class="foot">
        <p class="steering-words" role="status">
          {steeringWords(steering, hello.viewer)}
        </p>
        {allowed ? (
          <button type="button" onClick={() => changed(() => steering.reset(hello.guidance?.default ?? null))}>
            Reset all
          </button>
        ) : (
          <p class="hint">operators steer; you watch</p>
        )}
      </div>
    </div>
  );
}
