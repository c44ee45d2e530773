import { Counter, Gauge, Registry } from "prom-client";
import type { StatusBody } from "../../src/protocol/messages.ts";
import { REFUSALS, type RefusedCounts } from "./access/refusals.ts";

type Sample = [labels: Record<string, string>, value: number];

interface Row {
  name: string;
  help: string;
  /** Sums are counters, levels are gauges. */
  kind: "sum" | "level";
  labels: string[];
  read: (status: StatusBody, refused: RefusedCounts) => Sample[];
}

const OUTCOMES = ["frames", "superseded", "expired", "failed", "gated"] as const;
const MESSAGES = ["offered", "sent", "dropped"] as const;
const OUTPUT_OUTCOMES = ["sent", "merged", "late", "failed"] as const;
const QUANTILES = { "0.5": "p50", "0.99": "p99", "0.999": "p999", "1": "max" } as const;
const MS_PER_S = 1000;

const ROWS: Row[] = [
  sum("bins_total", "Bins by what became of them.", ["outcome"], ({ ledger }) =>
    OUTCOMES.map((outcome) => [{ outcome }, ledger[outcome]]),
  ),
  sum("bins_closed_total", "Bins that were closed.", [], ({ ledger }) => [[{}, ledger.closed]]),
  level("bins_in_flight", "Bins closed and not yet accounted for.", [], ({ ledger }) => [[{}, ledger.inFlight]]),
  sum("frames_late_total", "Frames shown after their deadline.", [], ({ ledger }) => [[{}, ledger.late]]),
  sum("pictures_discarded_total", "Pictures that came too late and were not shown.", [], ({ ledger }) => [
    [{}, ledger.discarded],
  ]),
  sum("pictures_held_total", "Pictures sent again for want of time.", [], ({ ledger }) => [[{}, ledger.held]]),
  sum("deadline_misses_total", "Bins that gave no picture by their deadline.", [], (s) => [[{}, s.budget.misses]]),
  sum("step_decisions_total", "Decisions by why not more steps were taken.", ["why"], ({ budget }) =>
    Object.entries(budget.decisions).map(([why, value]) => [{ why }, value]),
  ),
  level("step_cost_seconds", "Estimated cost of a frame by its number of steps.", ["steps"], ({ budget }) =>
    Object.entries(budget.estimatesMs).map(([steps, ms]) => [{ steps }, ms / MS_PER_S]),
  ),
  level(
    "latency_seconds",
    "Latency of recent frames by stage; quantile 1 is the maximum.",
    ["stage", "quantile"],
    latency,
  ),
  level("latency_samples", "Frames that the quantiles are made of.", ["stage"], (status) =>
    Object.entries(status.latency).map(([stage, { n }]) => [{ stage }, n]),
  ),
  level("viewers", "Connected viewers.", [], ({ viewerTotals }) => [[{}, viewerTotals.connected]]),
  sum("viewer_messages_total", "Messages to all viewers by what became of them.", ["outcome"], ({ viewerTotals }) =>
    MESSAGES.map((outcome) => [{ outcome }, viewerTotals[outcome]]),
  ),
  sum("access_log_lines_total", "Lines of the log of actions by what became of them.", ["outcome"], ({ access }) =>
    Object.entries(access.log ?? {}).map(([outcome, value]) => [{ outcome }, value]),
  ),
  level("viewer_messages_queued", "Messages waiting for slow viewers.", [], (s) => [[{}, s.viewerTotals.queued]]),
  sum("refused_total", "Connections and messages refused.", ["reason"], (_, refused) =>
    REFUSALS.map((reason) => [{ reason }, refused[reason]]),
  ),
  sum("source_counter_total", "Counters of the source.", ["counter"], ({ source }) =>
    Object.entries(source.counters).map(([counter, value]) => [{ counter }, value]),
  ),
  level("source_live", "1 while the source is live.", [], ({ source }) => [[{}, Number(source.state === "live")]]),
  level("source_backlog_seconds", "Age of the source's newest data when they were taken in.", [], ({ source }) => [
    [{}, source.backlog.ageMs / MS_PER_S],
  ]),
  sum("source_overloads_total", "How often the source was overloaded.", [], (s) => [[{}, s.source.backlog.overloads]]),
  level("clock_uncertainty_seconds", "Uncertainty of the source's clock.", [], ({ source }) => [
    [{}, source.clock.uncertaintyMs / MS_PER_S],
  ]),
  sum("spikes_total", "Spikes in bins.", [], ({ spikes }) => [[{}, spikes.total]]),
  sum("spikes_late_total", "Spikes that came after their bin was closed.", [], ({ spikes }) => [[{}, spikes.late]]),
  sum(
    "output_messages_total",
    "Messages and triggers of an output by what became of them.",
    ["output", "outcome"],
    (s) =>
      s.outputs.flatMap((output) =>
        OUTPUT_OUTCOMES.map((outcome): Sample => [{ output: output.name, outcome }, output[outcome]]),
      ),
  ),
  level("output_pending", "Messages and triggers on their way.", ["output"], ({ outputs }) =>
    outputs.map(({ name, pending }) => [{ output: name }, pending]),
  ),
  level("output_latency_seconds", "Close of the bin to the hand-over.", ["output", "quantile"], ({ outputs }) =>
    outputs.flatMap(({ name, latency: percentiles }) =>
      Object.entries(QUANTILES).map(
        ([quantile, key]): Sample => [{ output: name, quantile }, percentiles[key] / MS_PER_S],
      ),
    ),
  ),
  level("decoder_ready", "1 while the decoder is ready.", [], (s) => [[{}, Number(s.decoder.state === "ready")]]),
  sum("decoder_restarts_total", "Restarts of the decoder.", [], ({ decoder }) => [[{}, decoder.restarts]]),
  level("bundle_active", "1 for the bundle that decodes.", ["bundle", "kind"], ({ decoders }) =>
    decoders.map(({ name, kind, state }): Sample => [{ bundle: name, kind }, Number(state === "active")]),
  ),
  sum("switches_total", "Changes of the bundle.", [], ({ switches }) => [[{}, switches]]),
  level("adaptation_updates", "Lessons that the active decoder has learnt.", [], (s) => [[{}, s.adaptation.updates]]),
  level("resident_memory_bytes", "Memory of the daemon.", [], (status) => [[{}, status.process.rssBytes]]),
  level("uptime_seconds", "Time since start.", [], (status) => [[{}, status.process.uptimeS]]),
];

/** The metrics of one server, in a registry of its own. */
export interface Metrics {
  readonly contentType: string;
  /** The page for Prometheus, from one reading of the status. */
  render(status: StatusBody, refused: RefusedCounts): Promise<string>;
}

/** Makes the registry and its metrics; values are set only by `render`. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const writers = ROWS.map((row) => createWriter(row, registry));
  return {
    contentType: registry.contentType,
    render(status, refused) {
      for (const write of writers) write(status, refused);
      return registry.metrics();
    },
  };
}

function createWriter(
  { name, help, kind, labels, read }: Row,
  registry: Registry,
): (...source: Parameters<Row["read"]>) => void {
  const config = { name: `phosphene_${name}`, help, labelNames: labels, registers: [registry] };
  if (kind === "level") {
    const gauge = new Gauge(config);
    return (...source) => {
      gauge.reset();
      for (const [sampleLabels, value] of read(...source)) gauge.set(sampleLabels, value);
    };
  }
  const counter = new Counter(config);
  // The totals are kept elsewhere: a counter is set by counting from zero.
  return (...source) => {
    counter.reset();
    for (const [sampleLabels, value] of read(...source)) counter.inc(sampleLabels, value);
  };
}

function latency(status: StatusBody): Sample[] {
  return Object.entries(status.latency).flatMap(([stage, percentiles]) =>
    Object.entries(QUANTILES).map(([quantile, key]): Sample => [{ stage, quantile }, percentiles[key] / MS_PER_S]),
  );
}

function sum(name: string, help: string, labels: string[], read: Row["read"]): Row {
  return { name, help, kind: "sum", labels, read };
}

function level(name: string, help: string, labels: string[], read: Row["read"]): Row {
  return { name, help, kind: "level", labels, read };
}
