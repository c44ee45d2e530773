import { SerialPort } from "../../adapters/serial/port.ts";
import type { Config } from "../../src/config.ts";
import { PhospheneError } from "../../src/errors.ts";
import type { Wire } from "../../src/outputs/wire.ts";
import { OutputBooks } from "./books.ts";
import type { Output, OutputContext } from "./output.ts";
import { Pulses } from "./pulses.ts";

type Rule = Config["outputs"]["serial"]["rules"][number];

/** Bytes, or RTS and DTR, of a serial device. Errors: CONFIG_INVALID, OUTPUT_UNAVAILABLE where there are no POSIX devices. */
export function openSerial(config: Config["outputs"]["serial"], { bundle, now, log }: OutputContext): Output {
  if (process.platform === "win32")
    throw new PhospheneError("OUTPUT_UNAVAILABLE", "outputs.serial: expected Linux or macOS, got Windows");
  const { path, baudRate, deadlineMs } = config;
  const books = new OutputBooks(deadlineMs, now);
  const lines = new Map(config.rules.map((rule) => [keyOf(rule), rule]));
  const signals = config.rules.some(({ line }) => line !== "byte");
  const port = new SerialPort({
    ...{ path: path ?? "", baudRate, signals },
    onState: (state, detail) => log(state === "connected" ? "info" : "warn", `serial line ${state}: ${detail}`),
  });
  const rules = config.rules.map((rule) => ({
    ...{ when: rule.when, onset: rule.onset, line: keyOf(rule) },
    durationMs: rule.line === "byte" && rule.off === null ? null : rule.durationMs,
  }));
  const pulses = new Pulses(rules, bundle, wireOf(port, lines, now), { books, now, where: "outputs.serial" });
  return {
    name: "serial",
    books,
    state: () => ({ state: port.state, detail: detailOf(port, books, pulses) }),
    urgent: (frame) => pulses.frame(frame),
    event: (event) => pulses.event(event, now()),
    prepare: async (next) => pulses.prepare(next),
    async close() {
      await pulses.close();
      await port.close();
    },
  };
}

/** Bytes that differ in `on` or `off` are lines of their own. */
function keyOf({ line, on, off }: Rule): string {
  return line === "byte" ? `byte ${on} ${off}` : line;
}

function wireOf(port: SerialPort, lines: ReadonlyMap<string, Rule>, now: () => number): Wire {
  const set = async (key: string, high: boolean) => {
    const { line, on, off } = lines.get(key)!;
    const byte = high ? on : off;
    if (line !== "byte") await port.signal(line, high);
    else if (byte !== null) port.write(byte);
    return now();
  };
  return { raise: (key) => set(key, true), lower: (key) => set(key, false) };
}

function detailOf({ reopens }: SerialPort, { detail }: OutputBooks, { stuck }: Pulses): string {
  const said = [
    reopens === 0 ? "" : `opened again ${reopens} times.`,
    stuck === 0 ? "" : `${stuck} lines may still be high.`,
    detail,
  ];
  return said.filter((each) => each !== "").join(" ");
}
