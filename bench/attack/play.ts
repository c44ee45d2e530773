import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { balances } from "../../src/ledger.ts";
import type { StatusBody } from "../../src/protocol/messages.ts";
import { parseTrace, type TraceBody } from "../../src/protocol/trace.ts";
import { FrameWatch } from "../latency/watch.ts";
import type { System } from "../system.ts";
import type { Deeds, Orders } from "./attacker.ts";

export const PHASES = ["alone", "held", "flood"] as const;
export type Phase = (typeof PHASES)[number];

export interface AttackWanted {
  /** Frames of a phase, and how often the phases take turns. */
  readonly frames: number;
  readonly rounds: number;
  /** Connections that are held open, and attempts a second. */
  readonly connections: number;
  readonly perSecond: number;
  /** Of the attacker's process: it stands for another machine. */
  readonly nice: number;
}

/** What an attack did, by itself and by the daemon's count. */
export interface Repelled extends Deeds {
  readonly phase: Phase;
  readonly refused: Record<string, number>;
}

export interface Played {
  readonly spans: readonly { phase: Phase; fromMs: number; toMs: number }[];
  readonly repelled: readonly Repelled[];
  readonly trace: TraceBody;
}

const WARM_UP_FRAMES = 50;
const SETTLE_FRAMES = 10;
const LIMIT_MS = 120_000;

/** Plays all rounds against one daemon that asks for tokens; throws when its books do not balance. */
export async function play(system: System, token: string, wanted: AttackWanted): Promise<Played> {
  await using watch = await FrameWatch.connect(system.streamUrl, token);
  await using attacker = await Attacker.start(system.url, wanted.nice);
  const session = new Session(system.url, token, watch, attacker, wanted);
  await watch.reached(WARM_UP_FRAMES, LIMIT_MS);
  for (let round = 0; round < wanted.rounds; round++) for (const phase of PHASES) await session.phase(phase);
  return session.played();
}

class Session {
  readonly #url: string;
  readonly #headers: { authorization: string };
  readonly #watch: FrameWatch;
  readonly #attacker: Attacker;
  readonly #wanted: AttackWanted;
  readonly #spans: { phase: Phase; fromMs: number; toMs: number }[] = [];
  readonly #repelled: Repelled[] = [];

  constructor(url: string, token: string, watch: FrameWatch, attacker: Attacker, wanted: AttackWanted) {
    this.#url = url;
    this.#headers = { authorization: `Bearer ${token}` };
    this.#watch = watch;
    this.#attacker = attacker;
    this.#wanted = wanted;
  }

  async phase(phase: Phase): Promise<void> {
    const before = await this.#refused();
    const orders = ordersOf(phase, this.#wanted);
    if (orders !== null) this.#attacker.begin(orders);
    await this.#frames(SETTLE_FRAMES);
    const fromMs = monotonicMs();
    await this.#frames(this.#wanted.frames);
    this.#spans.push({ phase, fromMs, toMs: monotonicMs() });
    if (orders === null) return;
    const deeds = await this.#attacker.end();
    const after = await this.#refused();
    const refused = Object.entries(after).map(([reason, count]) => [reason, count - (before[reason] ?? 0)] as const);
    this.#repelled.push({ phase, ...deeds, refused: Object.fromEntries(refused.filter(([, count]) => count > 0)) });
  }

  async played(): Promise<Played> {
    const trace = parseTrace(await this.#get("/trace"));
    if (typeof trace === "string") throw new Error(`/trace: ${trace}`);
    const spans = this.#spans.map(({ phase, fromMs, toMs }) => {
      return { phase, fromMs: fromMs - trace.originMs, toMs: toMs - trace.originMs };
    });
    return { spans, repelled: this.#repelled, trace };
  }

  async #frames(count: number): Promise<void> {
    await this.#watch.reached(this.#watch.lastSeq + count, LIMIT_MS);
  }

  async #refused(): Promise<Record<string, number>> {
    const { ledger, access, viewerTotals } = (await this.#get("/status")) as StatusBody;
    if (!balances(ledger)) throw new Error(`the books do not balance: ${JSON.stringify(ledger)}`);
    if (viewerTotals.connected !== 1) throw new Error(`${viewerTotals.connected} viewers: somebody came in`);
    return access.refused;
  }

  async #get(path: string): Promise<unknown> {
    const answer = await fetch(`${this.#url}${path}`, { headers: this.#headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  }
}

function ordersOf(phase: Phase, { connections, perSecond }: AttackWanted): Orders | null {
  if (phase === "alone") return null;
  const kinds = phase === "held" ? (["silent", "slow"] as const) : (["upgrade", "status", "garbage"] as const);
  return { kinds, most: connections, perSecond };
}

class Attacker implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(url: string, nice: number): Promise<Attacker> {
    const { hostname, port } = new URL(url);
    const child = fork(new URL("./attacker.ts", import.meta.url), [hostname, port]);
    setPriority(child.pid!, nice);
    await once(child, "message");
    return new Attacker(child);
  }

  begin(orders: Orders): void {
    this.#child.send(orders);
  }

  async end(): Promise<Deeds> {
    this.#child.send("end");
    const [deeds] = await once(this.#child, "message");
    return deeds as Deeds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
