// `npm run bench`: the shipped bundle at the true cadence, rig and daemon as processes of their own, one viewer over a real socket.
// Open loop: the rig sets the pace, so a slow frame delays nothing that is then not counted.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { FrameBody, StatusBody } from "../src/protocol/messages.ts";
import { TestViewer } from "../test/integration/test-viewer.ts";
import { machine } from "./machine.ts";
import { replaceSection } from "./report.ts";
import { startSystem } from "./system.ts";
import { row, table } from "./table.ts";

const { values: options } = parseArgs({
  options: {
    frames: { type: "string", default: "10000" },
    bundle: { type: "string", default: "models/demo" },
    config: { type: "string" },
    write: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const wanted = Number(options.frames);

const result = await measure();
process.stdout.write(`${report(result)}\n`);
if (options.json !== undefined)
  writeFileSync(options.json, JSON.stringify({ ...result, frames: result.frames.length }, null, 1));
if (options.write) replaceSection("docs/performance.md", "latency", report(result));

interface Result {
  readonly frames: FrameBody[];
  readonly skipped: number;
  readonly seconds: number;
  readonly before: StatusBody;
  readonly after: StatusBody;
}

async function measure(): Promise<Result> {
  const config = options.config === undefined ? [] : ["--config", options.config];
  await using system = await startSystem(options.bundle, config);
  const status = () => system.status();
  await using viewer = await TestViewer.connect(system.streamUrl, "frame");
  await collect(viewer, 100, () => {});
  const before = await status();
  const startedMs = performance.now();
  const frames: FrameBody[] = [];
  await collect(viewer, wanted, (frame) => frames.push(frame));
  const seconds = (performance.now() - startedMs) / 1000;
  const skipped = frames.at(-1)!.seq - frames[0]!.seq + 1 - frames.length;
  return { frames, skipped, seconds, before, after: await status() };
}

async function collect(viewer: TestViewer, count: number, take: (frame: FrameBody) => void): Promise<void> {
  for (let taken = 0; taken < count; ) {
    await viewer.next("frame", () => true, 0);
    for (const message of viewer.messages.splice(0)) {
      if (message.type !== "frame" || taken === count) continue;
      const empty = new Uint8Array();
      take({ ...message, image: empty, mu: empty, logvar: empty, readouts: {} });
      taken++;
      if (process.stderr.isTTY && taken % 100 === 0) process.stderr.write(`\r${taken} / ${count} frames `);
    }
  }
}

function report({ frames, skipped, seconds, before, after }: Result): string {
  const stage = (of: (frame: FrameBody) => number) => frames.map(of);
  const model = ({ stamps }: FrameBody) => stamps.synthesised - stamps.started;
  const total = ({ stamps }: FrameBody) => stamps.written - stamps.closed;
  const misses = frames.filter((frame) => frame.stamps.written > frame.deadlineMs).length;
  const delta = (key: keyof StatusBody["ledger"]) => after.ledger[key] - before.ledger[key];
  const steps = [1, 2, 4].map((k) => `${k}: ${frames.filter((frame) => frame.steps === k).length}`).join(", ");
  const [total50, total99] = [after.latency.total.p50, after.latency.total.p99].map((ms) => ms.toFixed(2));
  const [own50, own99] = [after.latency.overhead.p50, after.latency.overhead.p99].map((ms) => ms.toFixed(2));
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return [
    `${machine()}. ${new Date().toISOString().slice(0, 10)}. Bundle \`${options.bundle}\`, provider ${after.decoder.provider}.`,
    `Command: \`npm run bench -- --frames ${wanted}\`. ${frames.length} frames in ${seconds.toFixed(0)} s: ${(frames.length / seconds).toFixed(1)} frames/s.`,
    "",
    ...table([
      row("bin close to socket write", stage(total)),
      row(
        "everything but the model run",
        stage((frame) => total(frame) - model(frame)),
      ),
      row("model run (encode and sample)", stage(model)),
      row(
        "  bin closed to dispatched",
        stage(({ stamps }) => stamps.dispatched - stamps.closed),
      ),
      row(
        "  dispatched to model started",
        stage(({ stamps }) => stamps.started - stamps.dispatched),
      ),
      row(
        "  encode",
        stage(({ stamps }) => stamps.encoded - stamps.started),
      ),
      row(
        "  sample",
        stage(({ stamps }) => stamps.synthesised - stamps.encoded),
      ),
      row(
        "  synthesised to received",
        stage(({ stamps }) => stamps.received - stamps.synthesised),
      ),
      row(
        "  received to written",
        stage(({ stamps }) => stamps.written - stamps.received),
      ),
      row(
        "newest spike to socket write",
        stage(({ stamps }) => stamps.written - (stamps.lastSpike ?? Number.NaN)),
      ),
    ]),
    "",
    `Missed deadlines (${frames[0]!.budgetMs} ms): ${misses} of ${frames.length} (${((100 * misses) / frames.length).toFixed(2)} %). Steps used: ${steps}.`,
    `After the last socket write instead of just before serialising, by the daemon's histogram: p50 ${total50}, p99 ${total99} ms; without the model run p50 ${own50}, p99 ${own99} ms.`,
    `Bins: ${delta("bins")} settled, ${delta("frames")} frames, ${delta("superseded")} superseded, ${delta("expired")} expired, ${delta("failed")} failed, ${delta("gated")} gated (every second bin is decoded). Frames dropped for the viewer: ${skipped}.`,
    `Memory of the daemon: ${mib(before.process.rssBytes)} at the start, ${mib(after.process.rssBytes)} at the end.`,
  ].join("\n");
}
