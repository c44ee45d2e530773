import { access, constants } from "node:fs/promises";
import { adapters } from "../../adapters/index.ts";
import type { Config } from "../../src/config.ts";
import { isAdapterKind } from "../config.ts";
import type { Check } from "./checks.ts";
import { askZmtp } from "./zmtp.ts";

const PATIENCE_MS = 1_500;

/** Whether what a source is configured to read is there. A rig that is not running yet is no mistake: the daemon waits for it. */
export async function checkSource({ name: source, kind, options }: Config["source"]): Promise<Check> {
  const name = `source ${source}`;
  const parsed: unknown = isAdapterKind(kind) ? adapters[kind].options.parse(options) : options;
  const { endpoint, path } = Object(parsed) as { endpoint?: unknown; path?: unknown };
  if (typeof endpoint === "string") return checkEndpoint(name, endpoint);
  if (kind === "recording" && typeof path === "string") return checkFile(name, path);
  return { state: "ok", name, detail: `${kind}; \`phosphene sources\` lists the streams on the network` };
}

async function checkEndpoint(name: string, endpoint: string): Promise<Check> {
  const [, host = "", port = ""] = /^tcp:\/\/(.+):(\d+)$/.exec(endpoint) ?? [];
  const peer = await askZmtp({ host, port: Number(port), timeoutMs: PATIENCE_MS });
  const mend =
    "start the rig's plugin there, or take an address that `phosphene sources` lists; the daemon waits for it";
  if (peer === null) return { state: "warn", name, detail: `${endpoint}: nobody answers as ZeroMQ`, mend };
  if (peer.mechanism === "CURVE") return { state: "ok", name, detail: `${endpoint} answers, and wants CURVE keys` };
  if (peer.socketType.endsWith("PUB")) return { state: "ok", name, detail: `${endpoint} publishes` };
  return { state: "warn", name, detail: `${endpoint} is a ${peer.socketType} socket, expected a publisher`, mend };
}

async function checkFile(name: string, path: string): Promise<Check> {
  try {
    await access(path, constants.R_OK);
    return { state: "ok", name, detail: `${path} is there; \`phosphene record info\` says what is in it` };
  } catch {
    const mend = "correct path in its options: relative paths count from the working directory";
    return { state: "fail", name, detail: `${path} cannot be read`, mend };
  }
}
