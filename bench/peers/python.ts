import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const here = import.meta.dirname;
const root = join(here, "../..");
/** Where the loop of PyTorch finds what PyTorch's own environment lacks; docs/peers.md says how it is filled. */
export const TORCH_EXTRAS = resolve(root, process.env.PHOSPHENE_TORCH_EXTRAS ?? "runs/peers-torch");

/** Python with ezmsg and Timeflux; made with uv when it is not there. Returns why it cannot be had as an Error. */
export function peersPython(): string | Error {
  const given = process.env.PHOSPHENE_PEERS_PYTHON;
  if (given !== undefined) return given;
  const python = join(here, ".venv/bin/python");
  if (works(python, ["ezmsg.zmq", "ezmsg.websocket", "timeflux"])) return python;
  const made = spawnSync("uv", ["sync", "--quiet", "--project", here], { encoding: "utf8" });
  if (made.error !== undefined) return new Error(`uv sync --project bench/peers: ${made.error.message}`);
  return made.status === 0 ? python : new Error(`uv sync --project bench/peers: ${made.stderr.trim()}`);
}

/** Python with PyTorch: of the environment, of the training, or the system's. */
export function torchPython(): string | Error {
  const candidates = [process.env.PHOSPHENE_TORCH_PYTHON, join(root, "training/.venv/bin/python"), "python3"];
  const needs = ["torch", "onnx", "zmq", "msgpack", "orjson", "websockets"];
  const python = candidates.find((each) => each !== undefined && works(each, needs));
  return (
    python ??
    new Error(`no Python with ${needs.join(", ")} (docs/peers.md says how runs/peers-torch brings the small ones)`)
  );
}

export const torchEnv = { PYTHONPATH: [TORCH_EXTRAS, join(root, "training")].join(":"), PYTHONUNBUFFERED: "1" };

/** Whether a Python has these packages; nothing is imported, which takes seconds with some. */
function works(python: string, packages: readonly string[]): boolean {
  if (python.includes("/") && !existsSync(python)) return false;
  const statement = `from importlib.util import find_spec; assert all(map(find_spec, ${JSON.stringify(packages)}))`;
  return spawnSync(python, ["-c", statement], { env: { ...process.env, ...torchEnv } }).status === 0;
}
