import { existsSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { type Config, displayEndpoint } from "../../src/config.ts";
import { readConfig } from "../config.ts";

/** `--config FILE`; without it ./config.yaml if there is one, else the defaults. */
export const configOption = new Option(
  "-c, --config <file>",
  "configuration file (default: ./config.yaml when it exists)",
);

export function loadConfig(file: string | undefined): Promise<Config> {
  return readConfig(file ?? (existsSync("config.yaml") ? "config.yaml" : null));
}

/** A TCP port of an option; 0 picks a free one. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError(`expected a port from 0 to 65535, got ${text}`);
  return port;
}

/** A number above 0 of an option. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError(`expected a number above 0, got ${text}`);
  return value;
}

export function parseDisplay(value: string): string {
  const parsed = displayEndpoint.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`expected ${parsed.error.issues[0]?.message}`);
}
