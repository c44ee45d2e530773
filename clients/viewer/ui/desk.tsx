import { useEffect, useState } from "preact/hooks";
import type { HelloBody } from "../../../src/protocol/messages.ts";
import type { Viewer } from "../lib/viewer.ts";
import { DecoderPanel } from "./decoder.tsx";
import { useTick } from "./hooks.ts";
import { Show } from "./show.tsx";
import { SteeringPanel } from "./steering.tsx";
import { System } from "./system.tsx";
import { Tabs } from "./tabs.tsx";
import { Timing } from "./timing.tsx";

/** A picture file that was dropped anywhere on the page: without this the browser would leave the page for it. */
function useDropped(wanted: boolean, taken: () => void): [File | null, () => void] {
  const [file, setFile] = useState<File | null>(null);
  useEffect(() => {
    if (!wanted) return;
    const over = (event: DragEvent) => event.preventDefault();
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setFile(event.dataTransfer?.files[0] ?? null);
      taken();
    };
    window.addEventListener("dragover", over);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("drop", drop);
    };
  }, [wanted]);
  return [file, () => setFile(null)];
}

/** Steering that is not neutral must be seen from every tab. */
function steeringMark(viewer: Viewer, hello: HelloBody | null): string {
  const { steering } = viewer.operator;
  if (steering.phase === "sending") return "…";
  const { gamma, guidance } = steering.values;
  const own = guidance === (hello?.guidance?.default ?? guidance) && gamma.every((value) => value === 0);
  return own ? "" : "on";
}

/** A decoder that changes, or that learns, too. */
function decoderMark(viewer: Viewer): string {
  const { status } = viewer.live;
  const { switching, adapting } = viewer.operator;
  const loads = status?.decoders.some(({ state }) => state === "loading") === true;
  if (loads || switching.phase === "sending" || adapting.phase === "sending") return "…";
  return status?.adaptation.on ? "learns" : "";
}

/** What is looked at now and then, and what is operated: one panel at a time. */
export function Desk({ viewer }: { viewer: Viewer }) {
  useTick();
  // What is operated is the decoder of now, also while the page shows a frame of then.
  const { hello } = viewer.live;
  const [chosen, choose] = useState("Deadline");
  const present = hello?.present === true;
  const [dropped, took] = useDropped(present && hello.role === "operator", () => choose("Show"));
  const tabs = [
    { name: "Deadline", body: <Timing viewer={viewer} budgetMs={hello?.budgetMs ?? null} /> },
    {
      name: "Steering",
      mark: steeringMark(viewer, hello),
      body: <SteeringPanel viewer={viewer} hello={hello} />,
    },
    { name: "System", body: <System viewer={viewer} /> },
    { name: "Decoder", mark: decoderMark(viewer), body: <DecoderPanel viewer={viewer} hello={hello} /> },
    ...(hello && present
      ? [{ name: "Show", body: <Show viewer={viewer} hello={hello} dropped={dropped} took={took} /> }]
      : []),
  ];
  return <Tabs viewer={viewer} label="Desk" tabs={tabs} chosen={chosen} choose={choose} />;
}
