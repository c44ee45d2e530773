import { filter, type Observable, type SchedulerLike, tap } from "rxjs";
import type { Ledger } from "../src/ledger.ts";
import { bin } from "../src/ops/bin.ts";
import { latest } from "../src/ops/latest.ts";
import { type Recent, recent } from "../src/ops/window.ts";
import type { Binner } from "../src/signal/binner.ts";
import type { Bin, SilentUnits, SourceMessage } from "../src/signal/types.ts";

export interface PipelineParts<Frame> {
  readonly binner: Binner;
  readonly scheduler: SchedulerLike;
  readonly ledger: Ledger;
  /** Bins that are kept: as many as the longest window of any bundle, so that a change of the bundle waits for none. */
  readonly keptBins: number;
  /** Bins of a window now. */
  readonly windowBins: () => number;
  readonly everyBins: number;
  /** False while the source is lost: its empty bins are counted as gated, not decoded. */
  readonly live: () => boolean;
  /** Units of sources that are lost while others are live. */
  readonly silent: () => SilentUnits;
  readonly onBin: (bin: Bin) => void;
  /** Makes the window of what it gets when its turn has come. Settles the bin itself when it resolves with null. */
  readonly decode: (recent: Recent) => Promise<Frame | null>;
}

/** From messages of a source to decoded frames; every bin that enters leaves through the ledger. */
export function pipeline<Frame>(message$: Observable<SourceMessage>, parts: PipelineParts<Frame>): Observable<Frame> {
  const { ledger } = parts;
  const isWanted = (candidate: Recent) =>
    candidate.bins.length >= parts.windowBins() && newest(candidate) % parts.everyBins === 0 && parts.live();
  return message$.pipe(
    bin(parts.binner, parts.scheduler),
    tap(({ index }) => ledger.open(index)),
    tap(parts.onBin),
    recent(parts.keptBins, parts.silent),
    filter((candidate) => {
      const wanted = isWanted(candidate);
      if (!wanted) ledger.settle(newest(candidate), "gated");
      return wanted;
    }),
    latest(parts.decode, (replaced) => ledger.settle(newest(replaced), "superseded")),
    filter((frame) => frame !== null),
  );
}

function newest({ bins }: Recent): number {
  return bins.at(-1)!.index;
}
