import { EMPTY, type Observable, type SchedulerLike, share, tap, merge as together } from "rxjs";
import type { AdapterContext } from "../adapters/define.ts";
import type { Config } from "../src/config.ts";
import { backlog } from "../src/ops/backlog.ts";
import { type Liveness, liveness } from "../src/ops/liveness.ts";
import { merge } from "../src/ops/merge.ts";
import type { SourceBody } from "../src/protocol/messages.ts";
import type { BacklogChange, BacklogStatus } from "../src/signal/backlog.ts";
import type { ClockMap } from "../src/signal/clock.ts";
import { Merger } from "../src/signal/merger.ts";
import { emptyCounters, type SilentUnits, type SourceCounters } from "../src/signal/types.ts";
import { type OpenedSource, openSource, type Source, type SourceStatus } from "./source.ts";

type SourceConfig = Config["source"];

export interface SourcesParts {
  readonly config: Pick<Config, "source" | "otherSources" | "bins">;
  /** Labels of the bundle's units. */
  readonly unitLabels: readonly string[];
  /** Width of a bin, ms. */
  readonly widthMs: number;
  readonly context: Omit<AdapterContext, "source" | "counters" | "unitLabels">;
  readonly scheduler: SchedulerLike;
  /** Shortest silence that makes a source lost, ms. */
  readonly lostAfterMs: number;
  /** One of several sources came or went. */
  readonly onLiveness: (name: string, state: Liveness) => void;
  /** The clock of a source that is the only one. */
  readonly clock: () => ClockMap;
  /** A source sends more than we take, or has ceased to; `name` is null when it is the only one. */
  readonly onBacklog: (name: string | null, change: BacklogChange) => void;
}

export interface Sources extends Source {
  readonly name: string;
  /** Units of sources that are lost while others are live. */
  silent(): SilentUnits;
  /** Each source of several; empty when there is one. */
  each(): SourceBody[];
}

/** Opens the configured sources: one as it is, several merged on the local clock. */
export function openSources(parts: SourcesParts): Sources {
  const { source, otherSources } = parts.config;
  const configs = [source, ...otherSources];
  const opened = configs.map((config) =>
    openSource(config, { ...parts.context, unitLabels: ownLabels(config, parts.unitLabels) }),
  );
  if (opened.length > 1) return merged(parts, configs, opened);
  const [only] = opened as [OpenedSource];
  return {
    ...only,
    name: source.name,
    watch$: watchBacklog(parts, only, null, parts.clock),
    silent: () => null,
    each: () => [],
  };
}

/** The age of data says something only where the source's time passes as the wall's. */
function watchBacklog(
  { scheduler, onBacklog }: SourcesParts,
  source: OpenedSource,
  name: string | null,
  clock: () => ClockMap,
): Observable<unknown> {
  if (!source.followsWall) return EMPTY;
  const changes$ = source.message$.pipe(backlog(source.backlog, clock, scheduler));
  return changes$.pipe(tap((change) => onBacklog(name, change)));
}

/**
 * Labels as the source itself has them, at the index of the bundle's unit; empty for units that are not its own: with a declared map and no
 * prefix, those that the map does not name.
 */
export function ownLabels(
  { unitPrefix, units }: Pick<SourceConfig, "unitPrefix" | "units">,
  labels: readonly string[],
): string[] {
  const own = new Map(Object.entries(units).map(([mine, bundles]) => [bundles, mine]));
  const byPrefix = own.size === 0 || unitPrefix !== "";
  return labels.map(
    (label) => own.get(label) ?? (byPrefix && label.startsWith(unitPrefix) ? label.slice(unitPrefix.length) : ""),
  );
}

function merged(parts: SourcesParts, configs: readonly SourceConfig[], opened: readonly OpenedSource[]): Sources {
  const { context, scheduler, lostAfterMs } = parts;
  const name = configs.map((config) => config.name).join("+");
  const names = configs.map((config) => config.name);
  const merger = new Merger({
    name,
    sources: names,
    holdMs: parts.config.bins.silenceMs / 2,
    widthMs: parts.widthMs,
    units: parts.unitLabels.length,
    onImpossible: (source, spikes) => impossible(opened[names.indexOf(source)]!.counters, spikes),
  });
  const masks = configs.map((config) => ownedUnits(config, parts.unitLabels));
  const watched = opened.map((source, i) => {
    const watch = source.message$.pipe(
      liveness(lostAfterMs, scheduler),
      tap((state) => {
        source.setLiveness(state);
        parts.onLiveness(names[i]!, state);
      }),
    );
    const details = source.message$.pipe(
      tap((message) => message.kind === "connection" && source.setDetail(`${message.state}: ${message.detail}`)),
    );
    const ages = watchBacklog(parts, source, names[i]!, () => merger.clockOf(names[i]!));
    return { messages: details, watch: together(ages, watch) };
  });
  const message$ = together(...watched.map(({ messages }) => messages)).pipe(merge(merger, scheduler), share());
  let since: SourceStatus = { state: "connecting", sinceMs: context.now(), detail: "" };
  return {
    name,
    message$,
    get counters() {
      return sum(opened.map(({ counters }) => counters));
    },
    backlog: {
      get status() {
        return worst(opened.map((source) => source.backlog.status));
      },
    },
    followsWall: opened.every(({ followsWall }) => followsWall),
    watch$: together(...watched.map(({ watch }) => watch)),
    status: () => ({ ...since, detail: opened.map((source, i) => `${names[i]} ${source.status().state}`).join(", ") }),
    setLiveness(state) {
      since = { ...since, state, sinceMs: context.now() };
    },
    setDetail() {},
    silent: () => silentUnits(opened, masks),
    each: () => opened.map((source, i) => body(configs[i]!, source, merger)),
  };
}

/** What the adapter took for a sample of counts is none. */
function impossible(counters: SourceCounters, spikes: number): void {
  counters.samples--;
  counters.spikes -= spikes;
  counters.malformed++;
}

function ownedUnits(config: SourceConfig, labels: readonly string[]): Uint8Array {
  return Uint8Array.from(ownLabels(config, labels), (label) => (label === "" ? 0 : 1));
}

/** A unit is silent when every source that could bring its spikes is not live, while some source is. */
function silentUnits(opened: readonly OpenedSource[], masks: readonly Uint8Array[]): SilentUnits {
  const live = opened.map((source) => source.status().state === "live");
  if (!live.includes(true) || !live.includes(false)) return null;
  return masks[0]!.map((_, unit) => (masks.some((mask, i) => live[i] && mask[unit] === 1) ? 0 : 1));
}

function sum(all: readonly SourceCounters[]): SourceCounters {
  const total = emptyCounters();
  for (const counters of all)
    for (const key of Object.keys(total) as (keyof SourceCounters)[]) total[key] += counters[key];
  return total;
}

function worst(all: readonly BacklogStatus[]): BacklogStatus {
  return {
    overloaded: all.some(({ overloaded }) => overloaded),
    ageMs: Math.max(...all.map(({ ageMs }) => ageMs)),
    overloads: all.reduce((total, { overloads }) => total + overloads, 0),
  };
}

function body({ name, kind }: SourceConfig, source: OpenedSource, merger: Merger): SourceBody {
  const { offsetMs, uncertaintyMs } = merger.clockOf(name);
  const { counters, backlog } = source;
  const clock = { offsetMs, uncertaintyMs };
  return { name, kind, ...source.status(), counters: { ...counters }, clock, backlog: backlog.status };
}
