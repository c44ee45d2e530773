/**
 * Least-squares slope of (x, y) and its standard error. Memory wanders: neighbouring samples are alike, so that the error of independent ones would be
 * far too small; it is widened by the lag-1 correlation of the residuals (as of an AR(1) process).
 */
export function slope(points: readonly (readonly [x: number, y: number])[]): { perHour: number; error: number } {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const perHour = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residuals = points.map(([x, y]) => y - meanY - perHour * (x - meanX));
  const energy = residuals.reduce((sum, r) => sum + r * r, 0);
  const lagged = residuals.slice(1).reduce((sum, r, i) => sum + r * residuals[i]!, 0);
  const alike = energy === 0 ? 0 : Math.min(0.99, Math.max(0, lagged / energy));
  const error = Math.sqrt((energy / (n - 2) / spread) * ((1 + alike) / (1 - alike)));
  return { perHour, error };
}
