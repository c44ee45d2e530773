/** The palette of style/base.css, for canvases. */
export const COLOURS = {
  ground: "#0f1317",
  field: "#171c21",
  line: "#262d34",
  hatch: "#2b333b",
  dim: "#97a2ad",
  text: "#e9edf0",
  accent: "#63d2c3",
  accentSoft: "rgba(99, 210, 195, 0.13)",
  whisker: "rgba(233, 237, 240, 0.62)",
  warn: "#f2b84b",
  fault: "#ff6f61",
  gap: "rgba(255, 111, 97, 0.16)",
} as const;

export const CANVAS_FONT = 'Inter, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';
