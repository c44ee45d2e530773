// `npm run bench -- retime BUNDLE --width MS [--out DIR]`: the same graphs with bins of another width. What the numbers mean changes (the network was
// trained on other bins), what a frame costs does not: this is how a rate is measured that the bundle's own bins do not give.
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readBundle } from "../daemon/bundle.ts";

/** Writes the copy, checked, into `out` (runs/ by default), in place of what was there; returns its folder. Pictures of the session are linked. */
export async function retimed(bundle: string, widthMs: number, out?: string): Promise<string> {
  if (!(widthMs > 0)) throw new Error(`--width: expected more than 0 ms, got ${widthMs}`);
  const { manifest } = await readBundle(bundle);
  const name = `${manifest.name}-${widthMs}ms`;
  const dir = out ?? join(import.meta.dirname, "../runs/retimed", `${basename(resolve(bundle))}-${widthMs}ms`);
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  for (const { name: file } of await readdir(bundle, { withFileTypes: true })) {
    if (file === "manifest.json") continue;
    if (file === "session") await symlink(resolve(bundle, file), join(dir, file));
    else await cp(join(bundle, file), join(dir, file));
  }
  const whole: Record<string, unknown> = JSON.parse(await readFile(join(bundle, "manifest.json"), "utf8"));
  const changed = { ...whole, name, bins: { ...manifest.bins, widthMs } };
  await writeFile(join(dir, "manifest.json"), `${JSON.stringify(changed, null, 1)}\n`);
  await readBundle(dir);
  return dir;
}

export async function retime(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { width: { type: "string" }, out: { type: "string" } },
  });
  const [bundle] = positionals;
  if (bundle === undefined || values.width === undefined)
    throw new Error("expected `npm run bench -- retime BUNDLE --width MS [--out DIR]`");
  process.stdout.write(`${await retimed(bundle, Number(values.width), values.out)}\n`);
}
