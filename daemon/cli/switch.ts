import type { Command } from "commander";
import { z } from "zod";
import { ERRORS, type ErrorCode, expected, PhospheneError } from "../../src/errors.ts";
import { encodeClient } from "../../src/protocol/encode.ts";
import { PROTOCOL, type ServerMessage, type SwitchedBody } from "../../src/protocol/messages.ts";
import { parseServerMessage } from "../../src/protocol/parse.ts";
import { configOption } from "./options.ts";
import { get, type Reached, type ReachOptions, reach } from "./reach.ts";

const ID = 1;
/** As much as a decoder process may take to load. */
const PATIENCE_MS = 120_000;

const choices = z.object({
  decoders: z.array(z.object({ name: z.string(), kind: z.string(), state: z.string(), detail: z.string() })),
});

/** `phosphene switch [NAME]`: another bundle for a running daemon, or which there are. */
export function addSwitch(program: Command): void {
  program
    .command("switch")
    .description("let a running daemon decode with another bundle of its configuration; without a name, list them")
    .argument("[name]", "name of the bundle, as its manifest has it")
    .addOption(configOption)
    .option("--url <url>", "the daemon's address (default: that of the configuration)")
    .option(
      "--token-file <file>",
      "file (mode 0600) with an operator's token alone in it, where the daemon asks for one",
    )
    .action(async (name: string | undefined, options: ReachOptions) => {
      const daemon = await reach(options);
      if (name === undefined) return list(daemon);
      const { bundle, seq, bin } = await ask(daemon, name);
      process.stdout.write(`phosphene: decoding with ${bundle} from frame ${seq}, bin ${bin}\n`);
    });
}

async function list(daemon: Reached): Promise<void> {
  const { decoders } = choices.parse(await get(daemon, "/status"));
  for (const { name, kind, state, detail } of decoders)
    process.stdout.write(`${[name.padEnd(24), kind.padEnd(16), state.padEnd(9), detail].join(" ").trimEnd()}\n`);
}

/** Resolves with the first frame of that bundle; rejects with the code that the daemon refuses it with. */
function ask({ url, token }: Reached, bundle: string): Promise<SwitchedBody> {
  const { promise, resolve, reject } = Promise.withResolvers<SwitchedBody>();
  const unreachable = (reason: string) =>
    reject(new PhospheneError("DAEMON_UNAVAILABLE", expected(url, "a daemon that switches its bundle", reason)));
  const protocols = token === null ? [PROTOCOL] : [PROTOCOL, `phosphene.token.${token}`];
  const socket = new WebSocket(new URL("/v1/stream", url.replace(/^http/, "ws")), protocols);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => socket.send(new Uint8Array(encodeClient("switch", { id: ID, bundle }))));
  socket.addEventListener("message", ({ data }) => {
    const parsed = data instanceof ArrayBuffer ? parseServerMessage(new Uint8Array(data)) : null;
    if (parsed?.ok) settle(parsed.message, resolve, reject);
  });
  socket.addEventListener("close", ({ code }) => unreachable(`a connection that ended (${code})`));
  const patience = setTimeout(() => unreachable(`no frame of it within ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
  return promise.finally(() => {
    clearTimeout(patience);
    socket.close();
  });
}

function settle(message: ServerMessage, resolve: (body: SwitchedBody) => void, reject: (error: Error) => void): void {
  if (message.type === "switched" && message.id === ID) resolve(message);
  if (message.type === "error" && message.id === ID) reject(refusal(message));
}

function refusal({ code, message }: { code: string; message: string }): PhospheneError {
  return Object.hasOwn(ERRORS, code)
    ? new PhospheneError(code as ErrorCode, message)
    : new PhospheneError("DAEMON_UNAVAILABLE", `${code}: ${message}`);
}
