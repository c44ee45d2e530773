import type { AdapterContext } from "../define.ts";

/** Names of a rig's units -> indices in the bundle's list. */
export interface UnitMap {
  /** Index of `<electrode>.<sorted id>`, or undefined; what is not there is remembered for `report`. */
  unit(electrode: string, sortedId: number): number | undefined;
  /** Says once what was not found: the first names on both sides show what is wrong. */
  report(): void;
}

const NAMES_SHOWN = 8;

/** `rename` is the map of the configuration: name at the rig -> name in the bundle; others keep their name. */
export function unitMap(
  rename: Readonly<Record<string, string>>,
  { unitLabels, log }: Pick<AdapterContext, "unitLabels" | "log">,
): UnitMap {
  const renamed = new Map(Object.entries(rename));
  const index = new Map(unitLabels.map((label, unit) => [label, unit]));
  const unknown = new Set<string>();
  let reported = false;
  return {
    unit(electrode, sortedId) {
      const label = `${renamed.get(electrode) ?? electrode}.${sortedId}`;
      const unit = index.get(label);
      if (unit === undefined && !reported && unknown.size < NAMES_SHOWN) unknown.add(label);
      return unit;
    },
    report() {
      if (reported || unknown.size === 0) return;
      reported = true;
      log("warn", "the rig has units that the bundle does not know; they are counted and left out", {
        rig: [...unknown],
        bundle: unitLabels.slice(0, NAMES_SHOWN),
        remedy: "name them under electrodes in the options of the source",
      });
    },
  };
}
