import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { type AdapterKind, adapters } from "../adapters/index.ts";
import { type Config, parseConfig } from "../src/config.ts";
import { PhospheneError } from "../src/errors.ts";
import { describeIssues } from "../src/issues.ts";

/** Reads config.yaml, or takes the defaults when `path` is null. Throws CONFIG_UNREADABLE or CONFIG_INVALID with all mistakes. */
export async function readConfig(path: string | null): Promise<Config> {
  if (path === null) return parseConfig({}, "defaults", checkSource);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new PhospheneError("CONFIG_UNREADABLE", `${path}: expected a readable YAML file`, { cause });
  });
  return parseConfig(parseYaml(text, path), path, checkSource);
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new PhospheneError("CONFIG_UNREADABLE", `${path}: expected YAML, got: ${reason}`, { cause });
  }
}

export function isAdapterKind(kind: string): kind is AdapterKind {
  return Object.hasOwn(adapters, kind);
}

function checkSource({ kind, options }: Config["source"], path: string): string[] {
  if (!isAdapterKind(kind))
    return [`${path}.kind: expected one of ${Object.keys(adapters).join(", ")} (got ${JSON.stringify(kind)})`];
  const parsed = adapters[kind].options.safeParse(options);
  return parsed.success ? [] : describeIssues(parsed.error.issues, options, `${path}.options`);
}
