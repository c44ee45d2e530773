import { concat, defer, from, interval, Observable, type SchedulerLike, switchMap, tap } from "rxjs";
import type { SourceConnection, SourceMessage } from "../../src/signal/types.ts";
import { type AdapterContext, defineAdapter } from "../define.ts";
import { unknownUnits } from "../unknown-units.ts";
import { cuesOf } from "./cues.ts";
import type { Recording } from "./load.ts";
import { type RecordingOptions, recordingOptions } from "./options.ts";
import { play } from "./player.ts";
import { mapUnits } from "./units.ts";

/** A recording as a live source: NWB, Blackrock NEV, Open Ephys binary, XDF, and our own. */
export const recording = defineAdapter<RecordingOptions>({
  kind: "recording",
  options: recordingOptions,
  followsWall: ({ speed }) => speed === 1,
  open: (options, context) =>
    defer(() => from(import("./load.ts"))).pipe(
      switchMap(({ loadRecording }) => loadRecording(options)),
      switchMap((loaded) => openRecording(loaded, options, context)),
    ),
});

/** Plays a recording that is loaded; with the time of a scheduler of your own, such as RxJS's virtual one. */
export function openRecording(
  loaded: Recording,
  options: RecordingOptions,
  context: AdapterContext,
  scheduler?: SchedulerLike,
): Observable<SourceMessage> {
  const { source, now, unitLabels } = context;
  const say = (state: SourceConnection["state"], detail: string) =>
    new Observable<SourceMessage>((subscriber) => {
      subscriber.next({ kind: "connection", source, state, detail, receivedAtMs: now() });
      subscriber.complete();
    });
  const units = mapUnits(loaded.labels, unitLabels, options.units);
  for (const note of loaded.notes) context.log("warn", `recording ${options.path}: ${note}`);
  if (!units.some((unit) => unit >= 0))
    context.log("warn", "no unit of the recording is one of the bundle's: see `units` in docs/recordings.md", {
      recorded: loaded.labels.slice(0, 8),
      bundle: unitLabels.slice(0, 8),
    });
  else {
    const unknown = unknownUnits(context, "name them under units in the options of the source: docs/recordings.md");
    for (const [i, label] of loaded.labels.entries()) if (units[i]! < 0) unknown.add(label);
    unknown.report();
  }
  const cues = () => cuesOf(loaded, { ...options, units, bundleUnits: unitLabels.length });
  const pace =
    options.speed === "step" ? { speed: 1, request$: context.request$ ?? interval(0) } : { speed: options.speed };
  const player = { ...pace, loop: options.loop, ...(scheduler && { scheduler }) };
  return concat(
    say("connecting", options.path),
    say("connected", `${options.path} (${loaded.format}, ${loaded.labels.length} units)`),
    play(cues, player, context).pipe(
      tap({ complete: () => context.log("info", `recording ${options.path}: played to its end`) }),
    ),
    say("disconnected", "end of the recording"),
  );
}
