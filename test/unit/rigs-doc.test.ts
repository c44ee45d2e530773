import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const rows = readFileSync(join(root, "docs/rigs.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| \d+ \|/.test(line));
/** `file`: part of a test's name; the part is empty where the whole file is meant. */
const named = rows.flatMap((line) => {
  const cell = line.split(" | ").at(-1) ?? "";
  return [...cell.matchAll(/`(test\/[^`]+)`: ?([^;|]*)/g)].map(([, file, name]) => ({
    file: file!,
    name: name!.trim(),
  }));
});

test("every complaint of docs/rigs.md has a test", () => {
  expect(rows.length).toBeGreaterThan(10);
  for (const line of rows) expect(line).toMatch(/`test\/[^`]+`: [^|]*\|$/);
});

test.each(named)("$file has '$name'", ({ file, name }) => {
  expect(existsSync(join(root, file))).toBe(true);
  const titles = readFileSync(join(root, file), "utf8").matchAll(/\btest(?:\.each\([^\n]*\))?\(\s*[`"]([^`"]*)/g);
  if (name !== "") expect([...titles].some(([, title]) => title!.includes(name))).toBe(true);
});
