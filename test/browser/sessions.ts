import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const schema = z
  .object({
    units: z.array(z.unknown()),
    rates: z.object({ file: z.string(), sha256: z.string() }),
    population: z.object({ baselineHz: z.array(z.number()) }).loose(),
  })
  .loose();

/** A copy of a session folder with something changed, gone again at the end of its scope. */
function changed(from: string, change: (session: z.infer<typeof schema>, folder: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-session-"));
  cpSync(from, folder, { recursive: true });
  const file = join(folder, "session.json");
  const session = schema.parse(JSON.parse(readFileSync(file, "utf8")));
  change(session, folder);
  writeFileSync(file, JSON.stringify(session));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** The cells fire as ever, every one of them under the name of another. */
export function shuffledSession(from: string) {
  return changed(from, (session) => {
    const names = session.units;
    session.units = names.map((_, i) => names[(i * 101 + 7) % names.length]);
  });
}

/** A rig that lives and whose cells never fire: every window is the same. */
export function quietSession(from: string) {
  return changed(from, (session, folder) => {
    session.population.baselineHz.fill(0);
    const file = join(folder, session.rates.file);
    const rates = new Uint8Array(readFileSync(file).length);
    writeFileSync(file, rates);
    session.rates.sha256 = createHash("sha256").update(rates).digest("hex");
  });
}
