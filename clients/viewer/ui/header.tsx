import type { HelloBody } from "../../../src/protocol/messages.ts";
import type { Viewer } from "../lib/viewer.ts";
import { Help } from "./help.tsx";
import { useTick } from "./hooks.ts";
import { DECODER_TONE, Pill, SOURCE_TONE, type Tone } from "./pill.tsx";

interface Props {
  viewer: Viewer;
  hello: HelloBody | null;
  frozen: boolean;
  toggle(): void;
}

function linkPill(viewer: Viewer): { tone: Tone; text: string } {
  const { phase, everOpen, attempt } = viewer.state.link;
  if (phase === "locked") return { tone: "fault", text: "wants a token" };
  if (phase === "open") return { tone: "good", text: "connected" };
  return { tone: "fault", text: everOpen ? `reconnecting ${attempt}` : "connecting" };
}

/** State of the daemon's parts; unknown while the socket is down. */
function Pills({ viewer }: { viewer: Viewer }) {
  useTick();
  const link = linkPill(viewer);
  const status = viewer.state.link.phase === "open" ? viewer.state.status : null;
  const source = status?.source.state;
  const decoder = status?.decoder.state;
  return (
    <div class="pills">
      <Pill label="source" tone={(source && SOURCE_TONE[source]) ?? "idle"} text={source ?? "unknown"} />
      <Pill label="decoder" tone={(decoder && DECODER_TONE[decoder]) ?? "idle"} text={decoder ?? "unknown"} />
      <Pill label="daemon" tone={link.tone} text={link.text} />
    </div>
  );
}

export function Header({ viewer, hello, frozen, toggle }: Props) {
  return (
    <header>
      <h1>
        <span class="spark" aria-hidden="true" />
        Phosphene
      </h1>
      <p class="bundle">
        {hello ? (
          <>
            <b>{hello.bundle.name}</b> {hello.bundle.kind} · {hello.bundle.units} units · {hello.source.name} (
            {hello.source.kind}) ·{" "}
            <span title={`bundle digest ${hello.bundle.digest}`}>
              {hello.bundle.digest.replace(/^sha256:/, "").slice(0, 8)}
            </span>
          </>
        ) : (
          "no daemon yet"
        )}
      </p>
      <Pills viewer={viewer} />
      {hello?.role === "viewer" && <span class="role">watching only</span>}
      <button type="button" class="freeze" aria-pressed={frozen} aria-keyshortcuts="Space" onClick={toggle}>
        {frozen ? "Resume" : "Freeze"} <kbd>space</kbd>
      </button>
      <Help viewer={viewer} />
    </header>
  );
}
