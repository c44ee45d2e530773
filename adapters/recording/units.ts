/**
 * Index in the bundle's list of each unit of a recording; -1 for a unit that the bundle does not know. `map` names the unit
 * (`chan1.1: E001.1`) or its electrode (`chan1: E001`) in the bundle; what it does not name keeps its label.
 */
export function mapUnits(
  recorded: readonly string[],
  bundle: readonly string[],
  map: Readonly<Record<string, string>>,
): Int32Array {
  const indexOf = new Map(bundle.map((label, index) => [label, index]));
  return Int32Array.from(recorded, (label) => indexOf.get(rename(label, map)) ?? -1);
}

function rename(label: string, map: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(map, label)) return map[label]!;
  const dot = label.lastIndexOf(".");
  const electrode = label.slice(0, dot);
  return dot > 0 && Object.hasOwn(map, electrode) ? `${map[electrode]}${label.slice(dot)}` : label;
}
