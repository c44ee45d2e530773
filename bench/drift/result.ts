import type { Origin } from "../output.ts";
import type { DriftRun, Point } from "./run.ts";

export interface DriftResult extends Origin {
  readonly bundle: string;
  readonly run: DriftRun;
  readonly adapt: { readonly forgetting: number; readonly penalty: number };
  readonly points: readonly Point[];
}
