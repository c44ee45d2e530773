import { describe, expect, test } from "vitest";
import { patchBox, pictureBox } from "../../clients/viewer/subject/layout.ts";
import { readOptions } from "../../clients/viewer/subject/options.ts";

describe("address of the subject view", () => {
  test("without parameters: no patch, smooth, grey where there is no picture", () => {
    const options = { patch: null, size: 80, scale: "smooth", empty: "grey" };
    expect(readOptions("")).toEqual({ ok: true, options });
  });

  test("every parameter is taken", () => {
    const options = { patch: "bottom-left", size: 120, scale: "nearest", empty: "last" };
    expect(readOptions("?patch=bottom-left&size=120&scale=nearest&empty=last")).toEqual({ ok: true, options });
  });

  test("all that is wrong is said at once", () => {
    const read = readOptions("?patch=left&size=0&emtpy=grey&scale=smooth&scale=smooth");
    expect(read).toEqual({
      ok: false,
      problems: [
        'patch: expected top-left | top-right | bottom-left | bottom-right, got "left"',
        'size: expected a whole number from 1 to 1000, got "0"',
        "emtpy: expected one of patch, size, scale, empty",
        "scale: expected once, got 2 times",
      ],
    });
  });
});

describe("layout of the subject view", () => {
  const screen = { width: 1920, height: 1080 };

  test("smooth: as large as fits, in the middle", () => {
    expect(pictureBox(screen, { width: 64, height: 64 }, "smooth")).toEqual({
      x: 420,
      y: 0,
      width: 1080,
      height: 1080,
    });
    expect(pictureBox(screen, { width: 4, height: 1 }, "smooth")).toEqual({ x: 0, y: 300, width: 1920, height: 480 });
  });

  test("nearest: the largest whole factor, but no less than the screen has room for", () => {
    expect(pictureBox(screen, { width: 64, height: 64 }, "nearest")).toEqual({
      x: 448,
      y: 28,
      width: 1024,
      height: 1024,
    });
    expect(pictureBox({ width: 30, height: 60 }, { width: 60, height: 60 }, "nearest").width).toBe(30);
  });

  test("the patch lies in its corner, whole", () => {
    expect(patchBox(screen, "top-left", 80)).toEqual({ x: 0, y: 0, width: 80, height: 80 });
    expect(patchBox(screen, "bottom-right", 80)).toEqual({ x: 1840, y: 1000, width: 80, height: 80 });
  });
});
