export const CORNERS = ["top-left", "top-right", "bottom-left", "bottom-right"] as const;
export const SCALES = ["smooth", "nearest"] as const;
export const EMPTIES = ["grey", "black", "last"] as const;
const LARGEST_PATCH = 1000;

export interface SubjectOptions {
  /** Corner of the photodiode patch; null: none. */
  patch: (typeof CORNERS)[number] | null;
  /** Side of the patch, CSS pixels. */
  size: number;
  /** How a picture is made larger: smoothly, or by a whole factor with hard edges. */
  scale: (typeof SCALES)[number];
  /** What stands in place of the picture when there is none to be shown. */
  empty: (typeof EMPTIES)[number];
}

type Read = { ok: true; options: SubjectOptions } | { ok: false; problems: string[] };

/** Reads the query of the page's address. Every parameter that is unknown, given twice or out of range is a problem. */
export function readOptions(query: string): Read {
  const given = new URLSearchParams(query);
  const problems: string[] = [];
  const choice = <Value extends string>(name: string, values: readonly Value[]): Value | null => {
    const text = given.get(name);
    const value = values.find((one) => one === text);
    if (text !== null && value === undefined) problems.push(`${name}: expected ${values.join(" | ")}, got "${text}"`);
    return value ?? null;
  };
  const options: SubjectOptions = {
    patch: choice("patch", CORNERS),
    size: Number(given.get("size") ?? 80),
    scale: choice("scale", SCALES) ?? "smooth",
    empty: choice("empty", EMPTIES) ?? "grey",
  };
  if (!(Number.isInteger(options.size) && options.size >= 1 && options.size <= LARGEST_PATCH))
    problems.push(`size: expected a whole number from 1 to ${LARGEST_PATCH}, got "${given.get("size")}"`);
  problems.push(...misnamed(given, Object.keys(options)));
  return problems.length === 0 ? { ok: true, options } : { ok: false, problems };
}

function misnamed(given: URLSearchParams, known: readonly string[]): string[] {
  const names = [...new Set(given.keys())];
  const unknown = names.filter((name) => !known.includes(name));
  const twice = names.filter((name) => given.getAll(name).length > 1);
  return [
    ...unknown.map((name) => `${name}: expected one of ${known.join(", ")}`),
    ...twice.map((name) => `${name}: expected once, got ${given.getAll(name).length} times`),
  ];
}
