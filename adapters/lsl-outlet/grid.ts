/** Frames in a row that are filled up; a longer gap stays a gap. */
const MOST_FILLED_S = 1;

/**
 * A regular stream has a sample for every slot, or readers that trust its rate put every later sample at the wrong time. Returns the
 * stamps of the slots between the last frame and this one, whose frames were not decoded: they are filled with NaN.
 */
export function createGrid(everyBins: number, intervalS: number): (bin: number, stampS: number) => number[] {
  let [lastBin, lastS] = [Number.NaN, Number.NaN];
  return (bin, stampS) => {
    const slots = Math.round((bin - lastBin) / everyBins);
    const spanS = stampS - lastS;
    [lastBin, lastS] = [bin, stampS];
    // Also when the clock was anchored anew in between, which no number of slots explains.
    const filled = slots > 1 && slots * intervalS <= MOST_FILLED_S && spanS > 0 && spanS <= 2 * MOST_FILLED_S;
    return filled ? Array.from({ length: slots - 1 }, (_, i) => stampS - (spanS * (slots - 1 - i)) / slots) : [];
  };
}
