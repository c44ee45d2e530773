import type { LedgerCounts } from "../../../src/protocol/messages.ts";
import { balance } from "../lib/balance.ts";
import { count } from "../lib/format.ts";
import type { Viewer } from "../lib/viewer.ts";
import { useTick } from "./hooks.ts";

type Tone = "" | "warn" | "fault";

function Cell({ name, value, tone = "" }: { name: string; value: number | null | undefined; tone?: Tone }) {
  const loud = value ? tone : "";
  return (
    <div class={`cell ${loud}`}>
      <dt>{name}</dt>
      <dd class="num">{count(value)}</dd>
    </div>
  );
}

function Sign({ children }: { children: string }) {
  return (
    <div class="sign" aria-hidden="true">
      {children}
    </div>
  );
}

function Equation({ ledger, misses }: { ledger: LedgerCounts | undefined; misses: number | undefined }) {
  const verdict = ledger && balance(ledger);
  return (
    <dl class="equation">
      <Cell name="closed" value={ledger?.closed} />
      <Sign>=</Sign>
      <Cell name="in flight" value={ledger?.inFlight} />
      <Sign>+</Sign>
      <Cell name="frames" value={ledger?.frames} />
      <Sign>+</Sign>
      <Cell name="superseded" value={ledger?.superseded} tone="warn" />
      <Sign>+</Sign>
      <Cell name="expired" value={ledger?.expired} tone="warn" />
      <Sign>+</Sign>
      <Cell name="failed" value={ledger?.failed} tone="fault" />
      <Sign>+</Sign>
      <Cell name="gated" value={ledger?.gated} />
      <div class={`balance ${verdict === undefined ? "" : verdict === 0 ? "good" : "fault"}`}>
        <dt>ledger</dt>
        <dd>{verdict === undefined ? "–" : verdict === 0 ? "✓ balanced" : `✗ off by ${count(verdict)}`}</dd>
      </div>
      <Cell name="misses" value={misses} tone="warn" />
    </dl>
  );
}

/** Where every bin went, and what was lost before and after it. */
export function Ledger({ viewer }: { viewer: Viewer }) {
  useTick();
  const { status, dropped, unreadable } = viewer.state;
  const counters = status?.source.counters;
  return (
    <section class="panel ledger" aria-label="Ledger">
      <Equation ledger={status?.ledger} misses={status?.budget.misses} />
      <dl class="losses">
        <Cell name="missed" value={counters?.missed} tone="fault" />
        <Cell name="malformed" value={counters?.malformed} tone="warn" />
        <Cell name="late spikes" value={status?.spikes.late} tone="warn" />
        <Cell name="restarts" value={status?.decoder.restarts} tone="warn" />
        <Cell name="dropped here" value={dropped.frames} tone="warn" />
        {unreadable > 0 && <Cell name="unreadable" value={unreadable} tone="fault" />}
      </dl>
    </section>
  );
}
