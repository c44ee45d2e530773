import type { AdapterContext } from "../define.ts";
import { unknownUnits } from "../unknown-units.ts";

/** Names of a rig's units -> indices in the bundle's list. */
export interface UnitMap {
  /** Index of `<electrode>.<sorted id>`, or undefined; what is not there is remembered for `report`. */
  unit(electrode: string, sortedId: number): number | undefined;
  /** Says once what was not found. */
  report(): void;
}

/** `rename` is the map of the configuration: name at the rig -> name in the bundle; others keep their name. */
export function unitMap(
  rename: Readonly<Record<string, string>>,
  context: Pick<AdapterContext, "unitLabels" | "log">,
): UnitMap {
  const renamed = new Map(Object.entries(rename));
  const index = new Map(context.unitLabels.map((label, unit) => [label, unit]));
  const unknown = unknownUnits(context, "name them under electrodes in the options of the source");
  return {
    unit(electrode, sortedId) {
      const label = `${renamed.get(electrode) ?? electrode}.${sortedId}`;
      const unit = index.get(label);
      if (unit === undefined) unknown.add(label);
      return unit;
    },
    report: unknown.report,
  };
}
