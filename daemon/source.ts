import { catchError, concat, NEVER, type Observable, of, share, tap } from "rxjs";
import type { Adapter, AdapterContext } from "../adapters/define.ts";
import { adapters } from "../adapters/index.ts";
import type { Config } from "../src/config.ts";
import { PhospheneError } from "../src/errors.ts";
import type { Liveness } from "../src/ops/liveness.ts";
import type { StatusBody } from "../src/protocol/messages.ts";
import { Backlog } from "../src/signal/backlog.ts";
import { emptyCounters, type SourceConnection, type SourceCounters, type SourceMessage } from "../src/signal/types.ts";
import { isAdapterKind } from "./config.ts";

export type SourceStatus = Pick<StatusBody["source"], "state" | "sinceMs" | "detail">;

/** The one source of a daemon: its messages, shared by all who listen, its counters, and its state for `/status`. */
export interface Source {
  readonly message$: Observable<SourceMessage>;
  readonly counters: SourceCounters;
  /** How old its data are when they are taken in. */
  readonly backlog: Pick<Backlog, "status">;
  /** To be subscribed to while the daemon runs: keeps the states of several sources. */
  readonly watch$: Observable<unknown>;
  /** False for a replay at another speed than real time: silence closes no bins. */
  readonly followsWall: boolean;
  status(): SourceStatus;
  /** Data came or stopped coming. */
  setLiveness(liveness: Liveness): void;
  /** The adapter said something about its connection. */
  setDetail(detail: string): void;
}

/** A source before it is watched. */
export type OpenedSource = Omit<Source, "watch$" | "backlog"> & { readonly backlog: Backlog };

/** Opens the configured adapter. Nothing connects before `message$` is subscribed to. */
export function openSource(
  config: Config["source"],
  context: Omit<AdapterContext, "source" | "counters">,
): OpenedSource {
  const counters = emptyCounters();
  const { name, kind, options } = config;
  if (!isAdapterKind(kind)) throw new TypeError(`source.kind ${kind} was not checked`);
  const adapter: Adapter<unknown> = adapters[kind];
  const parsed = adapter.options.parse(options);
  let status: SourceStatus = { state: "connecting", sinceMs: context.now(), detail: "" };
  return {
    message$: adapter.open(parsed, { ...context, source: name, counters }).pipe(
      tap((message) => message.kind === "connection" && sayConnection(message, context.log)),
      catchError((error: unknown) => refused(error, name, context)),
      share(),
    ),
    counters,
    backlog: new Backlog(),
    followsWall: adapter.followsWall?.(parsed) ?? true,
    status: () => status,
    setLiveness(state) {
      status = { ...status, state, sinceMs: context.now() };
    },
    setDetail(detail) {
      status = { ...status, detail };
    },
  };
}

function sayConnection({ source, state, detail }: SourceConnection, log: AdapterContext["log"]): void {
  log(state === "disconnected" ? "warn" : "info", `source ${source} ${state}: ${detail}`);
}

/** What can never work ends this source, not the daemon: the other sources go on, and log and `/status` say why. */
function refused(
  error: unknown,
  source: string,
  { now, log }: Pick<AdapterContext, "now" | "log">,
): Observable<SourceMessage> {
  if (!(error instanceof PhospheneError)) throw error;
  log("warn", `source ${source} is not used: ${error.message}`);
  return concat(
    of({ kind: "connection", source, state: "disconnected", detail: error.message, receivedAtMs: now() } as const),
    NEVER,
  );
}
