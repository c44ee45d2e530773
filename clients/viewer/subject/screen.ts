import { context2d } from "../paint/canvas.ts";

/** A canvas over the whole window, pixel for pixel. `version` grows when its pixels were lost to a new size. */
export interface Screen {
  readonly canvas: HTMLCanvasElement;
  readonly pen: CanvasRenderingContext2D;
  /** Device pixels for one CSS pixel. */
  ratio: number;
  version: number;
}

export function openScreen(canvas: HTMLCanvasElement): Screen {
  const screen = { canvas, pen: context2d(canvas), ratio: 1, version: 0 };
  const resize = () => {
    screen.ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(window.innerWidth * screen.ratio));
    canvas.height = Math.max(1, Math.round(window.innerHeight * screen.ratio));
    screen.version++;
  };
  window.addEventListener("resize", resize);
  resize();
  return screen;
}
