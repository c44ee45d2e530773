/** Volumes after an onset in which a response is reckoned with. */
export const KERNEL_VOLUMES = 28;

/** Resolution of the impulse response, and how long it is followed, s. */
const FINE_S = 0.1;
const LONGEST_S = 40;

/** (t/tau)^(k-1) exp(-t) / (k-1)!: gamma densities of shape 6 and 16, scale 1 s; the second, over 6, is the undershoot (SPM's canonical form). */
export function doubleGamma(tS: number): number {
  if (tS <= 0) return 0;
  const gamma = (shape: number) => {
    let density = Math.exp(-tS);
    for (let k = 1; k < shape; k++) density *= tS / k;
    return density;
  };
  return gamma(6) - gamma(16) / 6;
}

/** Response at any time after the onset of a stimulus of `onS` seconds, 1 at its peak. */
export function boxcarResponse(onS: number): (tS: number) => number {
  const points = Math.round(LONGEST_S / FINE_S);
  const impulse = Float64Array.from({ length: points }, (_, i) => doubleGamma(i * FINE_S));
  const width = Math.max(1, Math.round(onS / FINE_S));
  const whole = impulse.map((_, i) => impulse.subarray(Math.max(0, i - width + 1), i + 1).reduce((sum, x) => sum + x));
  const peak = Math.max(...whole);
  return (tS) => {
    const at = tS / FINE_S;
    if (at < 0) return 0;
    const i = Math.min(Math.floor(at), points - 2);
    const share = Math.min(at - i, 1);
    return ((1 - share) * whole[i]! + share * whole[i + 1]!) / peak;
  };
}

/** Each voxel's response in the volumes after an onset, [KERNEL_VOLUMES, voxels]; delays are taken in tenths of a second. */
export function responseKernel(trS: number, onS: number, delayS: readonly number[]): Float64Array {
  const response = boxcarResponse(onS);
  const kernel = new Float64Array(KERNEL_VOLUMES * delayS.length);
  for (let volume = 0; volume < KERNEL_VOLUMES; volume++)
    for (const [voxel, delay] of delayS.entries())
      kernel[volume * delayS.length + voxel] = response((volume + 0.5) * trS - Math.round(delay * 10) / 10);
  return kernel;
}
