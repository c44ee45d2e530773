export const SHORTEST_MS = 250;
export const LONGEST_MS = 4000;

/** Delay before attempt `attempt` (from 0) to reconnect: doubles from 250 ms to 4 s, moved by up to a quarter; `random` in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const base = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** attempt);
  return Math.min(LONGEST_MS, base * (0.75 + 0.5 * random));
}
