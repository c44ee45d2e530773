import { readFileSync, writeFileSync } from "node:fs";

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->` in a document. */
export function replaceSection(path: string, name: string, text: string): void {
  const before = readFileSync(path, "utf8");
  const pattern = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!pattern.test(before)) throw new Error(`${path} has no section ${name}`);
  writeFileSync(
    path,
    before.replace(pattern, (_, open: string, close: string) => `${open}${text}\n${close}`),
  );
}
