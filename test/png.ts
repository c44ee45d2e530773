import { crc32, inflateSync } from "node:zlib";

export interface ReadPng {
  width: number;
  height: number;
  rgb: Uint8Array;
  /** International text, by keyword. */
  texts: Record<string, string>;
}

/** Reads a PNG of 8-bit RGB without filters and with plain iTXt chunks, checking every CRC with Node's zlib: not the writer's own code. */
export function readPng(bytes: Uint8Array): ReadPng {
  const buffer = Buffer.from(bytes);
  if (buffer.subarray(0, 8).toString("latin1") !== "\x89PNG\r\n\x1a\n") throw new Error("png: no signature");
  const out: ReadPng = { width: 0, height: 0, rgb: new Uint8Array(), texts: {} };
  for (let at = 8; at < buffer.length; ) {
    const length = buffer.readUInt32BE(at);
    const body = buffer.subarray(at + 4, at + 8 + length);
    if (crc32(body) !== buffer.readUInt32BE(at + 8 + length)) throw new Error(`png: wrong CRC at ${at}`);
    take(out, body.subarray(0, 4).toString("latin1"), body.subarray(4));
    at += 12 + length;
  }
  return out;
}

function take(out: ReadPng, type: string, data: Buffer): void {
  if (type === "IHDR") {
    [out.width, out.height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
    if (data.subarray(8).toString("hex") !== "0802000000") throw new Error("png: expected 8-bit RGB");
  }
  if (type === "iTXt") {
    const end = data.indexOf(0);
    out.texts[data.subarray(0, end).toString("latin1")] = data.subarray(end + 5).toString("utf8");
  }
  if (type === "IDAT") out.rgb = unfiltered(inflateSync(data), out.width);
}

function unfiltered(rows: Buffer, width: number): Uint8Array {
  const stride = 3 * width + 1;
  const out: number[] = [];
  for (let at = 0; at < rows.length; at += stride) {
    if (rows[at] !== 0) throw new Error(`png: expected rows without a filter, got ${rows[at]}`);
    out.push(...rows.subarray(at + 1, at + stride));
  }
  return Uint8Array.from(out);
}
