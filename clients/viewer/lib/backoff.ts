export const SHORTEST_MS = 250;
export const LONGEST_MS = 4000;

/** Delay before reconnect attempt `attempt` (from 0): doubles from 250 ms to 4 s, moved by up to a quarter; `random` in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const base = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.max(0, attempt));
  const moved = base * (0.75 + 0.5 * random);
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, moved));
}
