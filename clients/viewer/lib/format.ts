const grouped = new Intl.NumberFormat("en");

/** A dash of the same kind everywhere for what is not known. */
export const UNKNOWN = "–";

export function count(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? UNKNOWN : grouped.format(value);
}

/** Milliseconds without the unit: one decimal below 100, none above. */
export function ms(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return Math.abs(value) < 100 ? value.toFixed(1) : value.toFixed(0);
}

export function fixed(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? UNKNOWN
    : value.toFixed(digits).replace("-", "−");
}

/** A signed number with a true minus, so that columns line up. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return `${value < 0 && Number(text) !== 0 ? "−" : "+"}${text}`;
}

export function percent(fraction: number): string {
  return `${Math.round(100 * fraction)} %`;
}

/** A waiting time: "0.4 s", "12 s", "3 min". */
export function duration(valueMs: number): string {
  const seconds = valueMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / 60)} min`;
}
