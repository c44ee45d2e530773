import { filter, type Observable, type SchedulerLike, tap } from "rxjs";
import type { Ledger } from "../src/ledger.ts";
import { bin } from "../src/ops/bin.ts";
import { latest } from "../src/ops/latest.ts";
import { window, type ZScore } from "../src/ops/window.ts";
import type { Binner } from "../src/signal/binner.ts";
import type { Bin, SilentUnits, SourceMessage, Window } from "../src/signal/types.ts";

export interface PipelineParts<Frame> {
  readonly binner: Binner;
  readonly scheduler: SchedulerLike;
  readonly ledger: Ledger;
  readonly windowBins: number;
  readonly zscore: ZScore;
  readonly everyBins: number;
  /** False while the source is lost: its empty bins are counted as gated, not decoded. */
  readonly live: () => boolean;
  /** Units of sources that are lost while others are live. */
  readonly silent: () => SilentUnits;
  readonly onBin: (bin: Bin) => void;
  /** Settles the bin itself when it resolves with null. */
  readonly decode: (window: Window) => Promise<Frame | null>;
}

/** From messages of a source to decoded frames; every bin that enters leaves through the ledger. */
export function pipeline<Frame>(message$: Observable<SourceMessage>, parts: PipelineParts<Frame>): Observable<Frame> {
  const { ledger } = parts;
  const wanted = ({ last }: Window) => last.index % parts.everyBins === 0 && parts.live();
  return message$.pipe(
    bin(parts.binner, parts.scheduler),
    tap(({ index }) => ledger.open(index)),
    tap(parts.onBin),
    window(parts.windowBins, parts.zscore, ({ index }) => ledger.settle(index, "gated"), parts.silent),
    filter((candidate) => {
      if (!wanted(candidate)) ledger.settle(candidate.last.index, "gated");
      return wanted(candidate);
    }),
    latest(parts.decode, ({ last }) => ledger.settle(last.index, "superseded")),
    filter((frame) => frame !== null),
  );
}
