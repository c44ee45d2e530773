/** Tells repetitions and new acquisitions by sample numbers alone, for messages that have no number of their own. */
export interface SampleWatch {
  see(key: string, sampleNum: number, sampleRateHz: number): "next" | "duplicate" | "restart";
  /** The peer went away: what comes next may start again without that being a repetition. */
  reconnecting(): void;
}

const REMEMBERED = 64;
/** Samples this far back mean another acquisition, s; after a reconnection, which takes 100 ms or more, a shorter way back is enough. */
const FAR_BACK_S = 1;
const NEAR_S = 0.05;

export function watchSamples(): SampleWatch {
  const keys = new Array<string>(REMEMBERED).fill("");
  const samples = new Float64Array(REMEMBERED).fill(Number.NaN);
  let [next, highest, reconnected] = [0, -1, false];
  return {
    see(key, sampleNum, sampleRateHz) {
      for (let i = 0; i < REMEMBERED; i++) if (samples[i] === sampleNum && keys[i] === key) return "duplicate";
      const back = sampleNum < highest - sampleRateHz * (reconnected ? NEAR_S : FAR_BACK_S);
      reconnected = false;
      if (back) samples.fill(Number.NaN);
      highest = back ? sampleNum : Math.max(highest, sampleNum);
      keys[next] = key;
      samples[next] = sampleNum;
      next = (next + 1) % REMEMBERED;
      return back ? "restart" : "next";
    },
    reconnecting() {
      samples.fill(Number.NaN);
      reconnected = true;
    },
  };
}
