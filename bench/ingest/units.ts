export const SAMPLES_PER_MS = 30;

/** What a rig calls the units of a bundle. */
export function unitsOf(labels: readonly string[]): { electrode: string; sortedId: number }[] {
  return labels.map((label) => {
    const dot = label.lastIndexOf(".");
    return { electrode: label.slice(0, dot), sortedId: Number(label.slice(dot + 1)) };
  });
}
