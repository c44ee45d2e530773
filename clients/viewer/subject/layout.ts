import type { SubjectOptions } from "./options.ts";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The picture in the middle of the screen, device pixels: as large as fits, by a whole factor when its pixels keep hard edges. */
export function pictureBox(screen: Size, picture: Size, scale: SubjectOptions["scale"]): Box {
  const fits = Math.min(screen.width / picture.width, screen.height / picture.height);
  // A screen smaller than the picture has no whole factor.
  const factor = scale === "nearest" && fits >= 1 ? Math.floor(fits) : fits;
  const width = Math.max(1, Math.round(picture.width * factor));
  const height = Math.max(1, Math.round(picture.height * factor));
  return { x: Math.floor((screen.width - width) / 2), y: Math.floor((screen.height - height) / 2), width, height };
}

/** The patch in its corner of the screen, device pixels. It may lie over the picture. */
export function patchBox(screen: Size, corner: NonNullable<SubjectOptions["patch"]>, side: number): Box {
  const x = corner.endsWith("left") ? 0 : screen.width - side;
  const y = corner.startsWith("top") ? 0 : screen.height - side;
  return { x, y, width: side, height: side };
}
