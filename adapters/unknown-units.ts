import type { AdapterContext } from "./define.ts";

/** Remembers units that the bundle does not know, and says so once: the first names on both sides show what is wrong. */
export interface UnknownUnits {
  add(label: string): void;
  report(): void;
}

const NAMES_SHOWN = 8;

/** `remedy` is the sentence that says where to map them. */
export function unknownUnits(
  { unitLabels, log }: Pick<AdapterContext, "unitLabels" | "log">,
  remedy: string,
): UnknownUnits {
  const unknown = new Set<string>();
  let reported = false;
  return {
    add(label) {
      if (!reported && unknown.size < NAMES_SHOWN) unknown.add(label);
    },
    report() {
      if (reported || unknown.size === 0) return;
      reported = true;
      log("warn", "the rig has units that the bundle does not know; they are counted and left out", {
        rig: [...unknown],
        bundle: unitLabels.slice(0, NAMES_SHOWN),
        remedy,
      });
    },
  };
}
