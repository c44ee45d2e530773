import type { Command } from "commander";
import type { Config } from "../../src/config.ts";
import { configOption, loadConfig, parsePositive } from "./options.ts";
import { askZmtp } from "./zmtp.ts";

/** Something that may be a source. */
export interface FoundSource {
  /** As `source.kind` has it; empty when it is of no kind that we read. */
  readonly kind: string;
  readonly address: string;
  readonly what: string;
}

interface SourcesOptions {
  config?: string;
  host: string[];
  timeout: number;
  json?: boolean;
}

/** `phosphene sources`: what there is to connect to. */
export function addSources(program: Command): void {
  program
    .command("sources")
    .description("list what there is to connect to: Open Ephys on this machine and others, LSL streams")
    .addOption(configOption)
    .option("--host <host...>", "hosts to look at, besides this machine and the configured one", [])
    .option("--timeout <ms>", "how long to wait for answers, ms", parsePositive, 1_500)
    .option("--json", "as JSON")
    .action(async (options: SourcesOptions) => {
      const config = await loadConfig(options.config).catch(() => null);
      const hosts = [...new Set(["127.0.0.1", ...configuredHosts(config), ...options.host])];
      const lsl = lslStreams(options.timeout);
      const perHost = await Promise.all(hosts.map((host) => openEphysOn(host, options.timeout)));
      const { rows, note } = await lsl;
      const all = [...perHost.flat(), ...rows];
      if (options.json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
      else process.stdout.write(`${table(all)}\n`);
      if (note !== "") process.stderr.write(`${note}\n`);
    });
}

/** Hosts that any endpoint of the configuration names. */
function configuredHosts(config: Config | null): string[] {
  const hosts = JSON.stringify(config ?? {}).matchAll(/"tcp:\/\/([^\s:/"*]+):\d+"/g);
  return [...hosts].map(([, host]) => host ?? "");
}

/** Ports of the ZMQ Interface and the Event Broadcaster: each takes the next free ones. */
const PORTS = [5556, 5557, 5558, 5559, 5560, 5561, 5562, 5563];
const FALCON_PORT = 3335;
const GUI_PORT = 37_497;

/** The Open Ephys GUI and its publishers on a host. Sends nothing but handshakes, and heartbeats to ports that answer them. */
export async function openEphysOn(host: string, timeoutMs: number, ports = PORTS): Promise<FoundSource[]> {
  const types = await Promise.all(
    [...ports, FALCON_PORT].map(async (port) => [port, await askZmtp({ host, port, timeoutMs })] as const),
  );
  const peers = new Map(types.filter(([, peer]) => peer !== null));
  const publishers = [...peers].filter(([, peer]) => peer?.socketType === "PUB" || peer?.mechanism === "CURVE");
  const rows = publishers.map(async ([port, peer]): Promise<FoundSource> => {
    const address = `tcp://${host}:${port}`;
    if (peer?.mechanism === "CURVE") return { kind: "open-ephys", address, what: "ZeroMQ with CURVE: needs keys" };
    if (port === FALCON_PORT) return { kind: "falcon-output", address, what: "Falcon Output" };
    // Only where a REP socket follows a PUB one: elsewhere it may be Network Events, which passes texts on to the whole GUI.
    const hasHeartbeat = peers.get(port + 1)?.socketType === "REP";
    const reply = hasHeartbeat ? await heartbeat(host, port + 1, timeoutMs) : null;
    if (reply !== null) return { kind: "open-ephys", address, what: `ZMQ Interface, heartbeat answered: ${reply}` };
    const what = hasHeartbeat
      ? "ZMQ Interface, no answer to a heartbeat"
      : "publisher without heartbeats: Event Broadcaster?";
    return { kind: hasHeartbeat ? "open-ephys" : "event-broadcaster", address, what };
  });
  const gui = await guiMode(host, timeoutMs);
  const all = await Promise.all(rows);
  return gui === null
    ? all
    : [...all, { kind: "", address: `http://${host}:${GUI_PORT}`, what: `Open Ephys GUI: ${gui}` }];
}

async function heartbeat(host: string, port: number, timeoutMs: number): Promise<string | null> {
  const ask = JSON.stringify({ application: "phosphene sources", uuid: "phosphene-sources", type: "heartbeat" });
  return (await askZmtp({ host, port, timeoutMs, ask }))?.reply ?? null;
}

async function guiMode(host: string, timeoutMs: number): Promise<string | null> {
  try {
    const response = await fetch(`http://${host}:${GUI_PORT}/api/status`, { signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null && "mode" in body ? String(body.mode).slice(0, 40) : null;
  } catch {
    return null;
  }
}

async function lslStreams(waitMs: number): Promise<{ rows: FoundSource[]; note: string }> {
  try {
    const { listStreams } = await import("../../adapters/lsl/list-streams.ts");
    const { summary } = await import("../../adapters/lsl/stream.ts");
    const streams = await listStreams(waitMs);
    const rows = streams.map((stream) => ({ kind: "lsl", address: stream.name, what: summary(stream) }));
    return { rows, note: "" };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { rows: [], note: `LSL streams are not listed: ${reason}` };
  }
}

function table(rows: readonly FoundSource[]): string {
  if (rows.length === 0) return "nothing found: is the GUI acquiring, is the outlet running, is a firewall between?";
  const cells = [["KIND", "ADDRESS", "WHAT"], ...rows.map(({ kind, address, what }) => [kind || "-", address, what])];
  const widths = [0, 1].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map(([kind, address, what]) => `${kind!.padEnd(widths[0]!)}  ${address!.padEnd(widths[1]!)}  ${what}`)
    .join("\n");
}
