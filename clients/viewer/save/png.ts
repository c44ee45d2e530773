import { crc32 } from "./crc32.ts";

/** PNG, third edition: https://www.w3.org/TR/png-3/ */
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const DEPTH = 8;
const RGB = 2;

export interface Picture {
  width: number;
  height: number;
  /** 3 bytes a pixel, row by row. */
  rgb: Uint8Array;
}

/** A PNG of exactly these pixels; `texts` become international text chunks, keyword by keyword (Latin-1, 1 to 79 characters). */
export async function encodePng(picture: Picture, texts: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height } = picture;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([DEPTH, RGB, 0, 0, 0], 8);
  return joined([
    SIGNATURE,
    chunk("IHDR", header),
    ...Object.entries(texts).map(([keyword, text]) => chunk("iTXt", international(keyword, text))),
    chunk("IDAT", await deflated(rows(picture))),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** Rows with their filter byte: none. */
function rows({ width, height, rgb }: Picture): Uint8Array<ArrayBuffer> {
  const stride = 3 * width;
  if (width < 1 || height < 1 || rgb.length !== stride * height)
    throw new Error(`picture: expected 3 bytes for each of ${width} x ${height} pixels, got ${rgb.length} bytes`);
  const out = new Uint8Array((stride + 1) * height);
  for (let row = 0; row < height; row++)
    out.set(rgb.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  return out;
}

/** Keyword, then: not compressed, method 0, no language, no translated keyword, the text in UTF-8. */
function international(keyword: string, text: string): Uint8Array {
  if (!/^[\x21-\x7e]{1,79}$/.test(keyword))
    throw new Error(`keyword: expected 1 to 79 printable characters, got "${keyword}"`);
  const encoder = new TextEncoder();
  return joined([encoder.encode(keyword), new Uint8Array(5), encoder.encode(text)]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(type);
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(name, 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(name, data));
  return out;
}

/** As zlib has it, which is what "deflate" names in a browser too. */
async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
