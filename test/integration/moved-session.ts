import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const session = z.looseObject({
  units: z.array(z.unknown()),
  stimuli: z.array(z.looseObject({ id: z.string(), file: z.string() })),
  rates: z.object({ file: z.string(), sha256: z.string() }),
});

/**
 * A copy of a simulated session with the given stimuli alone, shown briefly, in which every unit of the first `moved` answers as the one after it did:
 * an electrode that has moved. The folder is the caller's.
 */
export function movedSession(
  from: string,
  ids: readonly string[],
  moved: number,
  times: { onMs: number; offMs: number },
) {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-moved-"));
  const { encoding: _, ...all } = session.parse(JSON.parse(readFileSync(join(from, "session.json"), "utf8")));
  const units = all.units.length;
  const bytes = readFileSync(join(from, all.rates.file));
  const rates = Buffer.alloc(4 * units * ids.length);
  const stimuli = ids.map((id, row) => {
    const at = all.stimuli.findIndex((each) => each.id === id);
    const stimulus = all.stimuli[at]!;
    for (let unit = 0; unit < units; unit++) {
      const driven = unit < moved ? (unit + 1) % moved : unit;
      rates.writeFloatLE(bytes.readFloatLE(4 * (at * units + driven)), 4 * (row * units + unit));
    }
    copyFileSync(join(from, stimulus.file), join(folder, stimulus.file));
    return stimulus;
  });
  writeFileSync(join(folder, "rates.f32"), rates);
  const sha256 = createHash("sha256").update(rates).digest("hex");
  const played = { ...all, stimuli, presentation: times, rates: { file: "rates.f32", sha256 } };
  writeFileSync(join(folder, "session.json"), JSON.stringify(played));
  return folder;
}
