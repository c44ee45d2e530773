// `npm run bench -- report RESULT.json [--write SECTION]`: the text of a result that was taken elsewhere, on a machine without this repository's documents.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { replaceSection } from "./section.ts";

const DOCUMENT = "docs/performance.md";
const withText = z.object({ harness: z.string(), text: z.string() });

export async function report(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { write: { type: "string" } } });
  const [path] = positionals;
  if (path === undefined) throw new Error("expected `npm run bench -- report RESULT.json [--write SECTION]`");
  const text = await textOf(JSON.parse(readFileSync(path, "utf8")));
  process.stdout.write(`${text}\n`);
  if (values.write !== undefined) replaceSection(DOCUMENT, values.write, text);
}

/** Results of `latency` are told anew from their numbers, all others as they told themselves. */
async function textOf(value: unknown): Promise<string> {
  const { harness, text } = withText.parse(value);
  if (harness !== "latency") return text;
  const [{ latencySchema }, { latencyText }] = await Promise.all([
    import("./latency/result.ts"),
    import("./latency/text.ts"),
  ]);
  return latencyText(latencySchema.parse(value));
}
