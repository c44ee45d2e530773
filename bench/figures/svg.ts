/** A figure that reads on light and dark pages: it brings its background with it, and its colours follow the reader's scheme. */
export interface Figure {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What a reader hears who does not see it. */
  readonly description: string;
  readonly body: readonly string[];
}

/** Colours of curves, told apart by people with any colour vision (Okabe and Ito 2008), darker on light and lighter on dark ground. */
export const SERIES = 6;
const LIGHT = ["#0072b2", "#c44e00", "#007a5a", "#a23b78", "#6b5a00", "#3a3a3a"];
const DARK = ["#56b4e9", "#ff9a4d", "#2fd0a0", "#e58fc4", "#f0e442", "#d0d0d0"];

const colours = (all: readonly string[]) => all.map((colour, i) => `--s${i}:${colour}`).join(";");
const STYLE = `
svg{--ground:#ffffff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;${colours(LIGHT)};font:13px system-ui,sans-serif}
@media (prefers-color-scheme:dark){svg{--ground:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#30363d;${colours(DARK)}}}
.ground{fill:var(--ground)}
text{fill:var(--ink)}
.soft{fill:var(--soft)}
.small{font-size:11px}
.title{font-size:15px;font-weight:600}
.grid{stroke:var(--line);stroke-width:1}
.axis{stroke:var(--soft);stroke-width:1}
.curve{fill:none;stroke-width:2;stroke-linejoin:round}
.limit{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:6 4}
`;

export function renderFigure({ width, height, title, description, body }: Figure): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title><desc id="description">${escaped(description)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

export interface TextStyle {
  readonly anchor?: "start" | "middle" | "end";
  readonly class?: string;
  readonly turn?: boolean;
}

export function text(x: number, y: number, said: string, style: TextStyle = {}): string {
  const turned = style.turn ? ` transform="rotate(-90 ${px(x)} ${px(y)})"` : "";
  const named = style.class === undefined ? "" : ` class="${style.class}"`;
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${style.anchor ?? "start"}"${named}${turned}>${escaped(said)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, of: string): string {
  return `<line class="${of}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;
}

export function box(x: number, y: number, width: number, height: number, series: number, opacity = 1): string {
  const style = `fill:var(--s${series % SERIES});fill-opacity:${opacity}`;
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="1" style="${style}"/>`;
}

export function curve(points: readonly (readonly [number, number])[], series: number): string {
  const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${px(x)} ${px(y)}`).join("");
  return `<path class="curve" d="${path}" style="stroke:var(--s${series % SERIES})"/>`;
}

/** Round numbers 1, 2, 5 times powers of ten, from at most `low` to at least `high`. */
export function roundSteps(low: number, high: number): number[] {
  const steps: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= 10 * high; exponent++)
    for (const factor of [1, 2, 5]) steps.push(Number((factor * 10 ** exponent).toPrecision(3)));
  const first = Math.max(
    0,
    steps.findLastIndex((step) => step <= low),
  );
  const last = steps.findIndex((step) => step >= high);
  return steps.slice(first, last + 1);
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(said: string): string {
  return said.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
