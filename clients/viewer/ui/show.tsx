import { useEffect, useRef, useState } from "preact/hooks";
import type { HelloBody } from "../../../src/protocol/messages.ts";
import { PAD, Pad } from "../lib/pad.ts";
import type { PresentPhase } from "../lib/present.ts";
import type { Viewer } from "../lib/viewer.ts";
import { useTick } from "./hooks.ts";

const INKS: Record<string, string> = {
  black: "#101010",
  white: "#f5f5f5",
  red: "#d8432f",
  yellow: "#e8c02c",
  green: "#3f9b45",
  blue: "#2f6fd0",
};
const WIDTHS: Record<string, number> = { fine: 8, broad: 24, "very broad": 56 };

const INK_LOOKS = Object.fromEntries(Object.entries(INKS).map(([name, background]) => [name, { background }]));
const WIDTH_LOOKS = Object.fromEntries(
  Object.entries(WIDTHS).map(([name, width]) => [name, { "--pen": `${width / 3 + 2}px` }]),
);

function phaseWords(phase: PresentPhase): string {
  if (phase.kind === "idle") return "draw, choose a file, or drop one anywhere on the page";
  if (phase.kind === "refused") return `refused: ${phase.why}`;
  if (phase.kind === "sent") return "sent";
  return phase.kind === "handed" ? `${phase.stimulus}: the rig has it` : `${phase.stimulus}: the rig shows it`;
}

/** Draws with the pointer; told when a stroke has grown or ended. */
function usePen(pad: { current: Pad | null }, ink: string, width: number, drawn: (ended: boolean) => void) {
  const last = useRef<[number, number] | null>(null);
  const at = (event: PointerEvent): [number, number] => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [((event.clientX - box.left) * PAD) / box.width, ((event.clientY - box.top) * PAD) / box.height];
  };
  const move = (event: PointerEvent) => {
    if (!last.current) return;
    const to = at(event);
    pad.current?.line(last.current, to, width, ink);
    last.current = to;
    drawn(false);
  };
  const down = (event: PointerEvent) => {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    last.current = at(event);
    move(event);
  };
  const up = () => {
    if (last.current) drawn(true);
    last.current = null;
  };
  return { onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: up };
}

interface ChoicesProps {
  label: string;
  of: Record<string, Record<string, string>>;
  chosen: string;
  choose(name: string): void;
}

/** Choices of which one is taken, each with its look. */
function Choices({ label, of, chosen, choose }: ChoicesProps) {
  return (
    <fieldset class="choices">
      <legend class="unseen">{label}</legend>
      {Object.entries(of).map(([name, style]) => (
        <label key={name} title={name}>
          <input type="radio" name={label} aria-label={name} checked={name === chosen} onChange={() => choose(name)} />
          <i style={style} />
        </label>
      ))}
    </fieldset>
  );
}

interface Props {
  viewer: Viewer;
  hello: HelloBody;
  /** A file that was dropped on the page; `took` is called when it is here. */
  dropped: Blob | null;
  took(): void;
}

/** A picture for the subject: drawn here or taken from a file, scaled to the bundle's pictures, handed to the rig. */
export function Show({ viewer, hello, dropped, took }: Props) {
  useTick();
  const canvas = useRef<HTMLCanvasElement>(null);
  const pad = useRef<Pad | null>(null);
  const [ink, setInk] = useState("black");
  const [width, setWidth] = useState("broad");
  const [following, follow] = useState(false);
  const [problem, say] = useState("");
  const show = () => pad.current && viewer.operator.presenting.show(pad.current.picture(hello.bundle.image));
  const load = async (file: Blob | null | undefined) => {
    if (!file || !pad.current) return;
    const bad = await pad.current.load(file).then(
      () => "",
      () => "this file is no picture that the browser can read",
    );
    say(bad);
    if (!bad) show();
  };
  useEffect(() => {
    if (canvas.current) pad.current = new Pad(canvas.current);
  }, []);
  useEffect(() => {
    if (dropped) load(dropped).then(took);
  }, [dropped]);
  const pen = usePen(pad, INKS[ink]!, WIDTHS[width]!, () => following && show());
  const allowed = hello.role === "operator" && viewer.live.link.phase === "open";
  return (
    <div class="show">
      <canvas ref={canvas} id="pad" aria-label="Pad to draw a picture for the subject on" role="img" {...pen} />
      <div class="tools">
        <Choices label="ink" of={INK_LOOKS} chosen={ink} choose={setInk} />
        <Choices label="pen" of={WIDTH_LOOKS} chosen={width} choose={setWidth} />
        <div class="row">
          <button type="button" onClick={() => pad.current?.clear()}>
            Clear
          </button>
          <label class="file">
            <input
              type="file"
              accept="image/*"
              disabled={!allowed}
              onChange={(event) => load(event.currentTarget.files?.[0])}
            />
            File…
          </label>
          <button type="button" class="primary" disabled={!allowed} onClick={show}>
            Show
          </button>
        </div>
        <label class="check">
          <input type="checkbox" checked={following} onChange={(event) => follow(event.currentTarget.checked)} />
          while I draw
        </label>
        <p class="hint" role="status">
          {problem || (allowed ? phaseWords(viewer.operator.presenting.phase) : "operators show pictures; you watch")}
        </p>
      </div>
    </div>
  );
}
