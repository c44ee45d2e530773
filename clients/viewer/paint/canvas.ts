const MAX_RATIO = 2;

/** A canvas whose pixels follow its size on the page. `version` grows when the pixels were lost to a new size. */
export interface Surface {
  readonly canvas: HTMLCanvasElement;
  readonly pen: CanvasRenderingContext2D;
  /** Device pixels for one CSS pixel. */
  ratio: number;
  width: number;
  height: number;
  version: number;
}

export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("canvas: expected a 2d context, got none");
  return pen;
}

/** Follows the element's size until `release` is called. */
export function openSurface(canvas: HTMLCanvasElement): Surface & { release(): void } {
  const surface = { canvas, pen: context2d(canvas), ratio: 1, width: 0, height: 0, version: 0 };
  const resize = () => {
    surface.ratio = Math.min(MAX_RATIO, window.devicePixelRatio || 1);
    surface.width = canvas.clientWidth;
    surface.height = canvas.clientHeight;
    canvas.width = Math.max(1, Math.round(surface.width * surface.ratio));
    canvas.height = Math.max(1, Math.round(surface.height * surface.ratio));
    surface.version++;
  };
  const observer = new ResizeObserver(resize);
  observer.observe(canvas);
  resize();
  return Object.assign(surface, { release: () => observer.disconnect() });
}
