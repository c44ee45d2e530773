import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { Config } from "../../src/config.ts";
import { PhospheneError } from "../../src/errors.ts";
import { readBundles } from "../bundles.ts";
import { tryBundle } from "./try-bundle.ts";

/** One thing that was looked at. `mend` says what to do, for all but `ok`. */
export interface Check {
  readonly state: "ok" | "warn" | "fail";
  readonly name: string;
  readonly detail: string;
  readonly mend?: string;
}

const run = promisify(execFile);
const LEAST_NODE = 24;
const LEAST_DISK_BYTES = 1024 ** 3;

export function checkNode(version = process.versions.node): Check {
  const detail = `node ${version}`;
  if (Number.parseInt(version, 10) >= LEAST_NODE) return { state: "ok", name: "node", detail };
  const mend = `use Node ${LEAST_NODE} or newer: npm scripts run the pinned one, so start with \`npm start\` or \`npx phosphene\``;
  return { state: "fail", name: "node", detail, mend };
}

/** Loads a native package in a process of its own: one that crashes must not take the doctor with it. */
export async function checkPackage(name: string, use: string): Promise<Check> {
  try {
    await run(process.execPath, ["--input-type=module", "-e", `await import(${JSON.stringify(name)})`], {
      cwd: dirname(import.meta.filename),
      timeout: 20_000,
    });
    return { state: "ok", name, detail: `loads (${use})` };
  } catch (error) {
    const detail = `does not load (${use}): ${firstError(error)}`;
    return {
      state: "fail",
      name,
      detail,
      mend: "run `npm ci` again on this machine; packages of another one do not fit",
    };
  }
}

function firstError(error: unknown): string {
  const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return /^\w*Error.*$/m.exec(text)?.[0] ?? text.split("\n")[0] ?? "";
}

/** Digests, graphs, golden outputs, the provider and why it is that one, and the cost of a frame on this machine. */
export async function checkBundle(dir: string, decode: Config["decode"]): Promise<Check> {
  const name = "bundle";
  try {
    const { manifest, digest, ready, costs } = await tryBundle(dir, decode);
    const where = `${ready.provider} (${ready.runner}, ${ready.precision}; ${ready.reason})`;
    const detail = `${manifest.name} ${digest.slice(0, 12)} reproduces its golden outputs on ${where}; steps ${costs}`;
    return { state: "ok", name, detail };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { state: "fail", name, detail, mend: mendBundle(error) };
  }
}

/** Nothing, or why operators cannot switch between these bundles. What is wrong with one of them alone, `checkBundle` says. */
export async function checkAgreement({ bundle, bundles }: Pick<Config, "bundle" | "bundles">): Promise<Check[]> {
  try {
    await readBundles(bundle, bundles);
    return [];
  } catch (error) {
    if (!(error instanceof PhospheneError && error.code === "BUNDLES_DIFFER")) return [];
    const mend = "name bundles for the same units and bin width, each with a name of its own";
    return [{ state: "fail", name: "bundles", detail: error.message, mend }];
  }
}

function mendBundle(error: unknown): string {
  const isProvider = error instanceof PhospheneError && error.code.startsWith("PROVIDER_");
  if (isProvider) return "set decode.provider to auto, or bring what is missing: docs/gpu.md";
  return "make or copy the bundle again; docs/errors.md explains the code";
}

/** Whether the server can listen; a daemon of ours that is there already tells how well it knows its source's clock. */
export async function checkPort({ host, port, tls }: Config["server"]): Promise<Check> {
  const name = "port";
  const server = createServer();
  const problem = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once("error", resolve);
    server.listen(port, host, () => resolve(null));
  });
  server.close();
  if (problem === null) return { state: "ok", name, detail: `${host}:${port} is free` };
  if (problem.code !== "EADDRINUSE")
    return {
      state: "fail",
      name,
      detail: `${host}:${port}: ${problem.message}`,
      mend: "correct server.host and server.port",
    };
  const ours = await daemonAt(`${tls === null ? "http" : "https"}://${host}:${port}`);
  if (ours !== null)
    return { state: "warn", name, detail: `${host}:${port}: ${ours}`, mend: "stop it before you start another" };
  const mend = "stop the other program, or set server.port (0 picks a free one)";
  return { state: "fail", name, detail: `${host}:${port} is taken by another program`, mend };
}

async function daemonAt(url: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/status`, { signal: AbortSignal.timeout(1_000) });
    if (response.headers.get("www-authenticate")?.includes("phosphene"))
      return "a daemon of ours runs there and asks for a token";
    const body: unknown = await response.json();
    if (typeof body !== "object" || body === null || !("ledger" in body)) return null;
    const uncertainty = /"uncertaintyMs":([\d.e-]+)/.exec(JSON.stringify(body))?.[1];
    const clock =
      uncertainty === undefined
        ? "does not know its source's clock yet"
        : `knows its source's clock within ${uncertainty} ms`;
    return `a daemon of ours runs there and ${clock}`;
  } catch {
    return null;
  }
}

/** Room for recordings. */
export async function checkRecordings(dir: string | null): Promise<Check> {
  const name = "recordings";
  if (dir === null) return { state: "ok", name, detail: "none are made (record.dir is null)" };
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
    const { bavail, bsize } = await statfs(dir);
    const free = bavail * bsize;
    const detail = `${dir} has ${(free / 1024 ** 3).toFixed(1)} GiB free`;
    if (free >= LEAST_DISK_BYTES) return { state: "ok", name, detail };
    return { state: "warn", name, detail, mend: "free the disk: recording stops when it is full, decoding goes on" };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { state: "fail", name, detail, mend: "set record.dir to a folder that can be written, or to null" };
  }
}

export async function checkLsl(isUsed: boolean): Promise<Check> {
  const name = "liblsl";
  try {
    const { loadNative } = await import("../../adapters/lsl/native.ts");
    const { path, version } = loadNative();
    return { state: "ok", name, detail: `${path}, version ${(version / 100).toFixed(2)}` };
  } catch (error) {
    const [detail = "", ...rest] = (error instanceof Error ? error.message : String(error)).split("\n");
    const mend = rest.find((line) => line.startsWith("To install")) ?? "docs/lsl.md says how to install it";
    return { state: isUsed ? "fail" : "warn", name, detail, mend: isUsed ? mend : `only LSL sources need it. ${mend}` };
  }
}
