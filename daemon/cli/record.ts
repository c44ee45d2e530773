import type { Command } from "commander";
import type { Recording } from "../../adapters/recording/load.ts";
import { span } from "../../adapters/recording/recording.ts";
import { startDaemon } from "../daemon.ts";
import { makeLog } from "./log.ts";
import { configOption, loadConfig } from "./options.ts";
import { stopSignal, untilStopped } from "./signals.ts";

/** `phosphene record`: the daemon with recording on; `phosphene record info PATH`: what is in a recording of any format. */
export function addRecord(program: Command): void {
  const record = program
    .command("record")
    .description("decode and record; `record info PATH` says what is in a recording")
    .addOption(configOption)
    .option("--dir <dir>", "folder of the recording, instead of the configured one (default: recordings)")
    .option("--frames", "keep the pictures too")
    .action(async (options: { config?: string; dir?: string; frames?: boolean }) => {
      const config = await loadConfig(options.config);
      const dir = options.dir ?? config.record.dir ?? "recordings";
      const record = { dir, frames: options.frames ?? config.record.frames };
      const log = makeLog(config.log.level);
      const stopped = stopSignal();
      const daemon = await startDaemon({ ...config, record }, log);
      process.stdout.write(`phosphene: watching at ${daemon.url}\n`);
      process.stdout.write(`phosphene: recording to ${dir}\n`);
      await untilStopped(daemon, stopped, log);
    });
  record
    .command("info")
    .argument("<path>", "file, or folder of an Open Ephys recording")
    .option("--options <json>", "options of a recording source, as JSON: docs/recordings.md", "{}")
    .description("format, length, units and events of a recording")
    .action(async (path: string, { options }: { options: string }) => {
      const [{ loadRecording }, { recordingOptions }] = await Promise.all([
        import("../../adapters/recording/load.ts"),
        import("../../adapters/recording/options.ts"),
      ]);
      const loaded = await loadRecording(recordingOptions.parse({ ...Object(JSON.parse(options)), path }));
      process.stdout.write(`${describe(loaded).join("\n")}\n`);
    });
}

function describe(recording: Recording): string[] {
  const counts = new Map<string, number>();
  const count = (unit: number) => {
    const label = recording.labels[unit] ?? `unit ${unit}`;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  };
  const runs =
    recording.kind === "messages" ? describeMessages(recording.messages, count) : describeRuns(recording, count);
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
  const units = recording.labels.map((label) => `  ${label} ${counts.get(label) ?? 0}`);
  return [
    `${recording.format}, ${total} spikes of ${recording.labels.length} units`,
    ...runs,
    "units and their spikes:",
    ...units,
    ...recording.notes.map((note) => `note: ${note}`),
  ];
}

function describeRuns({ segments }: Extract<Recording, { kind: "spikes" }>, count: (unit: number) => void): string[] {
  return segments.map((segment, index) => {
    segment.units.forEach((unit) => void count(unit));
    const [first, last] = span(segment);
    return `segment ${index}: ${first.toFixed(3)} s to ${last.toFixed(3)} s, ${segment.events.length} events`;
  });
}

function describeMessages(
  messages: Extract<Recording, { kind: "messages" }>["messages"],
  count: (unit: number) => void,
): string[] {
  const kinds = new Map<string, number>();
  for (const message of messages) {
    kinds.set(message.kind, (kinds.get(message.kind) ?? 0) + 1);
    if (message.kind === "spikes") message.units.forEach((unit) => void count(unit));
  }
  const lengthS = ((messages.at(-1)?.receivedAtMs ?? 0) - (messages[0]?.receivedAtMs ?? 0)) / 1000;
  return [`${lengthS.toFixed(3)} s`, `records: ${[...kinds].map(([kind, n]) => `${kind} ${n}`).join(", ")}`];
}
