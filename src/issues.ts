import type { z } from "zod";

/** Zod's issues as sentences `path: what was expected (got value)`, one each. `root` is the value that was parsed. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], root: unknown, prefix = ""): string[] {
  return issues.flatMap((issue) => describe(issue, root, prefix));
}

function describe(issue: z.core.$ZodIssue, root: unknown, prefix: string): string[] {
  const path = [...(prefix === "" ? [] : [prefix]), ...issue.path.map(String)].join(".");
  if (issue.code === "unrecognized_keys") {
    const at = path === "" ? "" : `${path}.`;
    return issue.keys.map((key) => `${at}${key}: unknown key`);
  }
  return [`${path === "" ? "(root)" : path}: ${lowerFirst(issue.message)} (got ${show(valueAt(root, issue.path))})`];
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value;
  }
  return value;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
