import type { ComponentChildren } from "preact";
import type { SourceBody, StatusBody } from "../../../src/protocol/messages.ts";
import { count, duration, fixed, ms } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";
import { useTick } from "./hooks.ts";
import { DECODER_TONE, Pill, SOURCE_TONE } from "./pill.tsx";

function Fact({ name, children, bad = false }: { name: string; children: ComponentChildren; bad?: boolean }) {
  return (
    <div class={bad ? "fact warn" : "fact"}>
      <dt>{name}</dt>
      <dd class="num">{children}</dd>
    </div>
  );
}

/** Counters that say trouble when they are not 0. */
const TROUBLE = new Set(["missed", "malformed", "duplicates", "unknownUnits", "flushed", "restarts"]);

function words(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function Source({ source, nowMs }: { source: SourceBody; nowMs: number }) {
  const { clock, backlog, counters } = source;
  return (
    <section class="facts" aria-label={`source ${source.name}`}>
      <h3>
        <Pill label={source.name} tone={SOURCE_TONE[source.state] ?? "idle"} text={source.state} />
      </h3>
      {source.detail && <p class="hint clip">{source.detail}</p>}
      <dl>
        <Fact name={`${source.state} for`}>{duration(Math.max(0, nowMs - source.sinceMs))}</Fact>
        <Fact name="clock offset, ms">{fixed(clock.offsetMs, 2)}</Fact>
        <Fact name="uncertain by, ms">± {fixed(clock.uncertaintyMs, 2)}</Fact>
        <Fact name="backlog, ms" bad={backlog.overloaded}>
          {ms(backlog.ageMs)}
        </Fact>
        <Fact name="overloads" bad={backlog.overloads > 0}>
          {count(backlog.overloads)}
        </Fact>
        {Object.entries(counters).map(([key, value]) => (
          <Fact key={key} name={words(key)} bad={TROUBLE.has(key) && value > 0}>
            {count(value)}
          </Fact>
        ))}
      </dl>
    </section>
  );
}

function Decoder({ decoder }: { decoder: StatusBody["decoder"] }) {
  const costs = Object.entries(decoder.costMs).map(([steps, cost]) => `${steps}: ${ms(cost)}`);
  return (
    <section class="facts" aria-label="decoder">
      <h3 title={decoder.reason}>
        <Pill label="decoder" tone={DECODER_TONE[decoder.state] ?? "idle"} text={decoder.state} />
      </h3>
      <dl>
        <Fact name="runs on">
          {decoder.provider} {decoder.precision}
        </Fact>
        <Fact name="process">{decoder.pid ?? "none"}</Fact>
        <Fact name="restarts" bad={decoder.restarts > 0}>
          {count(decoder.restarts)}
        </Fact>
        <Fact name="cost">{costs.join(", ") || "–"}</Fact>
      </dl>
    </section>
  );
}

function Daemon({ status, viewer }: { status: StatusBody; viewer: Viewer }) {
  const { process, viewerTotals, access, recording, outputs } = status;
  const refused = Object.values(access.refused).reduce((sum, n) => sum + n, 0);
  return (
    <section class="facts" aria-label="daemon">
      <h3>
        <Pill label="daemon" tone="good" text={`up ${duration(1000 * process.uptimeS)}`} />
      </h3>
      <dl>
        <Fact name="memory, MB">{count(Math.round(process.rssBytes / 1e6))}</Fact>
        <Fact name="round trip, ms">{ms(viewer.clock.rttMs)}</Fact>
        <Fact name="connected">{count(viewerTotals.connected)}</Fact>
        <Fact name="operators">{access.tokens ? count(access.operators) : "everybody"}</Fact>
        <Fact name="refused" bad={refused > 0}>
          {count(refused)}
        </Fact>
        <Fact name="dropped, all" bad={viewerTotals.dropped > 0}>
          {count(viewerTotals.dropped)}
        </Fact>
        {recording && (
          <Fact name="recording" bad={recording.state === "stopped"}>
            {recording.state} {count(Math.round(recording.bytes / 1e6))} MB
          </Fact>
        )}
        {outputs.map(({ name, state, late, failed }) => (
          <Fact key={name} name={`to ${name}`} bad={late + failed > 0}>
            {state}
            {late + failed > 0 && `, ${count(late)} late, ${count(failed)} failed`}
          </Fact>
        ))}
      </dl>
    </section>
  );
}

/** Sources with their clocks and counters, the decoder, the daemon. */
export function System({ viewer }: { viewer: Viewer }) {
  useTick();
  const { status } = viewer.live;
  if (!status) return <p class="hint">no status yet</p>;
  const sources = status.sources.length > 0 ? status.sources : [status.source];
  return (
    <div class="system">
      {sources.map((source) => (
        <Source key={source.name} source={source} nowMs={status.nowMs} />
      ))}
      <Decoder decoder={status.decoder} />
      <Daemon status={status} viewer={viewer} />
    </div>
  );
}
