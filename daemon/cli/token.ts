import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { PhospheneError } from "../../src/errors.ts";
import { readTokens, writeTokens } from "../server/access/token-file.ts";
import { hashToken, makeToken, ROLES, type Role, type Token } from "../server/access/tokens.ts";
import { configOption, loadConfig } from "./options.ts";

interface FileOptions {
  config?: string;
  file?: string;
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const fileOption = () => new Option("--file <file>", "token file (default: access.tokensFile of the configuration)");
const nameOption = () =>
  new Option("--name <name>", "who has it: stands in the log of actions").makeOptionMandatory().argParser(parseName);

/** `phosphene token add|list|remove`: who may connect. */
export function addToken(program: Command): void {
  const token = program.command("token").description("who may connect: docs/security.md");
  token
    .command("add")
    .description("make a token; it is printed once, and only its hash is kept")
    .addOption(new Option("--role <role>", "viewer watches, operator also steers").choices(ROLES).makeOptionMandatory())
    .addOption(nameOption())
    .addOption(fileOption())
    .addOption(configOption)
    .action(add);
  token
    .command("list")
    .description("names and roles")
    .addOption(fileOption())
    .addOption(configOption)
    .action(async (options: FileOptions) => {
      const tokens = await readTokens(await fileOf(options));
      for (const { name, role } of tokens) process.stdout.write(`${role.padEnd(8)} ${name}\n`);
    });
  token
    .command("remove")
    .description("take a token away; a running daemon closes its connections within a second")
    .addOption(nameOption())
    .addOption(fileOption())
    .addOption(configOption)
    .action(remove);
}

async function add({ role, name, ...options }: FileOptions & { role: Role; name: string }): Promise<void> {
  const path = await fileOf(options);
  const tokens = existsSync(path) ? await readTokens(path) : [];
  if (tokens.some((token) => token.name === name))
    throw new PhospheneError("TOKENS_INVALID", `${path}: expected a new name, got ${name}; remove that one first`);
  const token = makeToken();
  await writeTokens(path, [...tokens, { name, role, sha256: hashToken(token) }]);
  process.stdout.write(`${token}\n`);
  process.stderr.write(`${role} ${name} is in ${path}. The token is not kept: hand it on now.\n`);
}

async function remove({ name, ...options }: FileOptions & { name: string }): Promise<void> {
  const path = await fileOf(options);
  const tokens = await readTokens(path);
  const others = tokens.filter((token: Token) => token.name !== name);
  if (others.length === tokens.length)
    throw new PhospheneError("TOKENS_INVALID", `${path}: expected a token of name ${name}, got none`);
  await writeTokens(path, others);
}

async function fileOf({ file, config }: FileOptions): Promise<string> {
  const path = file ?? (await loadConfig(config)).access.tokensFile;
  if (path !== null) return path;
  throw new PhospheneError("TOKENS_INVALID", "access.tokensFile: expected a file, got null; or give one with --file");
}

function parseName(text: string): string {
  if (!NAME.test(text)) throw new InvalidArgumentError("expected 1 to 64 letters, digits, '-', '_' or '.'");
  return text;
}
