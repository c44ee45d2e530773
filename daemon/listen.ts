import { fileURLToPath } from "node:url";
import type { TraceBody } from "../src/protocol/trace.ts";
import { adaptationBody } from "./adapt.ts";
import { makeCommands } from "./commands.ts";
import { helloBody } from "./hello.ts";
import type { Parts } from "./parts.ts";
import { createServer, type PhospheneServer } from "./server/index.ts";
import { statusBody } from "./status.ts";

const VIEWER_DIR = fileURLToPath(new URL("../clients/viewer/dist", import.meta.url));

/** Opens the server: viewers, and HTTP. */
export function listen(parts: Parts): Promise<PhospheneServer> {
  const { config, log, now } = parts;
  return createServer({
    host: config.server.host,
    port: config.server.port,
    viewerDir: VIEWER_DIR,
    stimuliDir: config.stimuli,
    livePictures: parts.presenter,
    limits: config.server,
    access: config.access,
    tls: config.server.tls,
    origins: config.server.origins,
    hello: () => helloBody(parts.switchboard.active.bundle, config, parts.session, now(), parts.presenter !== null),
    status: () => status(parts),
    trace: (bins) => traceBody(parts, bins),
    ready: () => parts.switchboard.active.host.state === "ready",
    now,
    log,
    commands: makeCommands(parts),
    onShown: (seq, atMs) => {
      parts.writer?.shown(seq, atMs);
      parts.outputs?.shown(seq, atMs);
      parts.trace.shown(seq, atMs);
    },
  });
}

function status(parts: Parts) {
  const viewers = parts.server?.viewers() ?? {
    viewers: [],
    viewerTotals: { connected: 0, offered: 0, sent: 0, dropped: 0, queued: 0 },
    access: { tokens: false, operators: 0, viewers: 0, refused: {}, log: null },
  };
  const { active, switches, restarts } = parts.switchboard;
  const decoders = parts.switchboard.choices();
  const choice = { decoders, switches, adaptation: adaptationBody(active) };
  return statusBody({ ...parts, supervisor: active.host, restarts, choice, viewers, nowMs: parts.now() });
}

function traceBody({ now, originMs, session, widthMs, ledger, trace }: Parts, bins?: number): TraceBody {
  return { nowMs: now(), originMs, session, widthMs, ledger: ledger.counts(), bins: trace.read(bins) };
}
