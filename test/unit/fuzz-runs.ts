/** Inputs per parser: 20,000 every time, a million with `PHOSPHENE_LONG=1`. */
export const LONG = process.env.PHOSPHENE_LONG !== undefined;
export const RUNS = LONG ? 1_000_000 : 20_000;
/** Longest that a fuzz test may take, ms. */
export const FUZZ_TIMEOUT_MS = LONG ? 3_600_000 : 60_000;
