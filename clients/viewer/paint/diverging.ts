type Rgb = readonly [number, number, number];
const ZERO: Rgb = [15, 19, 23];
const ABOVE: Rgb = [99, 210, 195];
const BELOW: Rgb = [242, 140, 75];
/** Standard deviations of the prior at which a colour is full. */
const FULL = 2.5;

/** Dark at zero, the accent above, orange below: apart for the colour-blind too. */
export function rgbOf(value: number): Rgb {
  const end = value >= 0 ? ABOVE : BELOW;
  const part = Math.min(1, Math.abs(value) / FULL) ** 0.8;
  return [mix(0), mix(1), mix(2)];
  function mix(i: 0 | 1 | 2): number {
    return Math.round(ZERO[i] + part * (end[i] - ZERO[i]));
  }
}
