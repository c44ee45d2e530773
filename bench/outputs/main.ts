// `npm run bench -- outputs`: how late triggers and messages leave the daemon: from the close of the bin to the byte on a pseudo-terminal, to the request
// at a ZeroMQ REP socket, to the message at a subscriber. Rig, daemon, decoder and terminal are processes of their own; the run is that of `latency`.
import { parseArgs } from "node:util";
import { Subscriber } from "zeromq";
import { z } from "zod";
import { monotonicMs } from "../../daemon/monotonic.ts";
import { freePortPair } from "../../test/integration/processes.ts";
import { distribution, distributionSchema } from "../distribution.ts";
import { type Measured, measure } from "../latency/measure.ts";
import { makePlan, type Plan } from "../latency/plan.ts";
import { offeredBins } from "../latency/summary.ts";
import { beginRun, OUTPUT_OPTIONS, originSchema, originText, publish } from "../output.ts";
import { distributionRow, table } from "../table.ts";
import { type Arrival, OpenEphysPeer, Pty } from "./peers.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  bundle: { type: "string", default: "models/demo" },
  frames: { type: "string" },
  rate: { type: "string" },
  provider: { type: "string" },
} as const;
const SIZES = { full: { frames: 10_000, warmUp: 100 }, smoke: { frames: 20, warmUp: 5 } };
const NAMES = ["serial", "networkEvents", "zeromq"] as const;
/** Nothing is late here: the tail is to be seen. */
const DEADLINE_MS = 1000;

const oneSchema = z.object({
  /** From the close of the bin, and from when the frame was ready (`written`), to the arrival at the peer. */
  fromClose: distributionSchema,
  fromReady: distributionSchema,
  /** Frames of which nothing arrived. */
  missing: z.int(),
  counts: z.record(z.string(), z.number()),
});
export const outputsSchema = originSchema.extend({
  harness: z.literal("outputs"),
  ...{ bundle: z.string(), wantedHz: z.number(), frames: z.int() },
  socketWrite: distributionSchema,
  outputs: z.record(z.enum(NAMES), oneSchema),
});
export type OutputsResult = z.infer<typeof outputsSchema>;

export async function outputs(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const size = SIZES[values.smoke ? "smoke" : "full"];
  const frames = Number(values.frames ?? size.frames);
  const rateHz = values.rate === undefined ? null : Number(values.rate);
  const wanted = { bundle: values.bundle, frames, warmUp: size.warmUp, rateHz, provider: values.provider ?? null };
  const end = beginRun("outputs", args);
  const plan = await makePlan({ ...wanted, config: null, budgetMs: null });
  await using peers = await openPeers();
  const measured = await measure(withOutputs(plan, peers), frames, size.warmUp, 0);
  const result: OutputsResult = {
    ...{ ...end(), harness: "outputs", bundle: plan.name, wantedHz: 1000 / plan.widthMs / plan.everyBins },
    ...summary(measured, plan.everyBins, peers.heard()),
  };
  publish(result, outputsText(result), { ...values, section: values.section ?? "outputs" });
}

const headerSchema = z.object({ seq: z.int() });

interface Heard {
  readonly serial: readonly Pulse[];
  readonly networkEvents: readonly Pulse[];
  /** By seq, ms. */
  readonly zeromq: ReadonlyMap<number, number>;
}

type Peers = Awaited<ReturnType<typeof openPeers>>;

async function openPeers() {
  const pty = await Pty.open();
  const peer = await OpenEphysPeer.open();
  const endpoint = `tcp://127.0.0.1:${await freePortPair()}`;
  const socket = new Subscriber({ linger: 0 });
  socket.connect(endpoint);
  socket.subscribe("frame");
  const published = new Map<number, number>();
  void (async () => {
    for await (const [, header] of socket) {
      const atMs = monotonicMs();
      published.set(headerSchema.parse(JSON.parse(String(header))).seq, atMs);
    }
  })();
  return {
    ...{ path: pty.path, networkEvents: peer.endpoint, zeromq: endpoint },
    heard: (): Heard => ({
      serial: pty.bytes.all.map(({ atMs }) => ({ upMs: atMs, downMs: atMs })),
      networkEvents: pulsesOf(peer.requests.all),
      zeromq: published,
    }),
    async [Symbol.asyncDispose]() {
      socket.close();
      peer[Symbol.dispose]();
      await pty[Symbol.asyncDispose]();
    },
  };
}

function withOutputs(plan: Plan, { path, networkEvents, zeromq }: Peers): Plan {
  const shared = { enabled: true, deadlineMs: DEADLINE_MS };
  const configured = {
    serial: { ...shared, path, rules: [{ when: "frame", on: 1, off: null }] },
    networkEvents: { ...shared, endpoint: networkEvents, rules: [{ when: "frame", line: 1, durationMs: 1 }] },
    zeromq: { ...shared, endpoint: zeromq },
  };
  return { ...plan, config: { ...plan.config, outputs: configured } };
}

function summary(measured: Measured, everyBins: number, arrivals: Heard) {
  const { originMs, bins } = measured.trace;
  const readyMs = new Map(
    bins.flatMap(({ frame }) => (frame === null ? [] : [[frame.seq, frame.stamps.written + originMs]])),
  );
  const frames = offeredBins(measured, everyBins).flatMap(({ frame }) => (frame === null ? [] : [frame]));
  const one = (name: (typeof NAMES)[number]) => {
    const arrivedMs = name === "zeromq" ? arrivals.zeromq : match(readyMs, arrivals[name]);
    const after = (fromMs: (stamps: (typeof frames)[number]["stamps"]) => number) =>
      distribution(frames.map(({ seq, stamps }) => (arrivedMs.get(seq) ?? Number.NaN) - originMs - fromMs(stamps)));
    const { offered, sent, merged, late, failed, pending } = measured.after.outputs.find((each) => each.name === name)!;
    return {
      fromClose: after(({ closed }) => closed),
      fromReady: after(({ written }) => written),
      missing: frames.filter(({ seq }) => !arrivedMs.has(seq)).length,
      counts: { offered, sent, merged, late, failed, pending },
    };
  };
  return {
    frames: frames.length,
    socketWrite: distribution(frames.map(({ writtenMs, stamps }) => writtenMs - stamps.closed)),
    outputs: { serial: one("serial"), networkEvents: one("networkEvents"), zeromq: one("zeromq") },
  };
}

/** A trigger at its peer: when it came, and when the end of its pulse did (the same where it has none). */
export interface Pulse {
  readonly upMs: number;
  readonly downMs: number;
}

/** When the trigger of each frame arrived, by seq: in order, for the roads keep it. A frame that was ready while the pulse before was not over prolonged that one, and has none. */
export function match(readyMs: ReadonlyMap<number, number>, pulses: readonly Pulse[]): Map<number, number> {
  const arrived = new Map<number, number>();
  let next = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (const [seq, ready] of readyMs) {
    while (next < pulses.length && pulses[next]!.upMs < ready) next++;
    const pulse = pulses[next];
    if (pulse === undefined || last > ready) continue;
    arrived.set(seq, pulse.upMs);
    last = pulse.downMs > pulse.upMs ? pulse.downMs : Number.NEGATIVE_INFINITY;
    next++;
  }
  return arrived;
}

/** Requests to Open Ephys as pulses: up and down take turns. */
function pulsesOf(requests: readonly Arrival[]): Pulse[] {
  return requests.flatMap(({ what, atMs }, i) =>
    what.endsWith("State=1") ? [{ upMs: atMs, downMs: requests[i + 1]?.atMs ?? Number.POSITIVE_INFINITY }] : [],
  );
}

export function outputsText(result: OutputsResult): string {
  const { serial, networkEvents, zeromq } = result.outputs;
  const rows = [
    distributionRow("bin close to socket write", result.socketWrite),
    distributionRow("bin close to byte on the terminal", serial.fromClose),
    distributionRow("bin close to request at the REP socket", networkEvents.fromClose),
    distributionRow("bin close to message at the subscriber", zeromq.fromClose),
    distributionRow("frame ready to byte on the terminal", serial.fromReady),
    distributionRow("frame ready to request at the REP socket", networkEvents.fromReady),
    distributionRow("frame ready to message at the subscriber", zeromq.fromReady),
  ];
  const said = NAMES.map((name) => {
    const { missing, counts } = result.outputs[name];
    return `${name}: ${missing} of ${result.frames} missing; ${Object.entries(counts)
      .map(([key, n]) => `${key} ${n}`)
      .join(", ")} since the start.`;
  });
  const head = `Bundle ${result.bundle}, ${result.wantedHz.toFixed(1)} frames/s.`;
  return [originText(result), "", head, "", ...table(rows), "", ...said].join("\n");
}
