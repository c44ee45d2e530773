/** Writes test/golden/protocol: `node test/golden/make-protocol.ts --update`. Without the flag it only says what differs. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { makePairs } from "./protocol-pairs.ts";

const folder = join(import.meta.dirname, "protocol");
const update = process.argv.includes("--update");
await mkdir(folder, { recursive: true });

for (const { name, bytes, json } of makePairs()) {
  await settle(`${name}.bin`, bytes, (before) => before.equals(bytes));
  // The formatter has its own idea of line breaks: only the content counts.
  await settle(`${name}.json`, json, (before) => isDeepStrictEqual(JSON.parse(before.toString()), JSON.parse(json)));
}

async function settle(file: string, content: Uint8Array | string, same: (before: Buffer) => boolean): Promise<void> {
  const before = await readFile(join(folder, file)).catch(() => null);
  if (before !== null && same(before)) return;
  console.log(`${update ? "wrote" : "differs"}: ${file}`);
  if (update) await writeFile(join(folder, file), content);
  else process.exitCode = 1;
}
