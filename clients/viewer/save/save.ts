import type { HelloBody } from "../../../src/protocol/messages.ts";
import { parseServerMessage } from "../../../src/protocol/parse.ts";
import { fileName, lineageOf } from "./lineage.ts";
import { encodePng } from "./png.ts";

/** Keyword of the text chunk that holds a frame's lineage as JSON. */
export const KEYWORD = "phosphene";

export type Saved = { ok: true; name: string; png: Uint8Array<ArrayBuffer> } | { ok: false; problem: string };

/** The picture of a frame message as a PNG that carries its lineage. Where nothing was reconstructed there is no picture to save. */
export async function pngOf(message: Uint8Array, hello: HelloBody): Promise<Saved> {
  const parsed = parseServerMessage(message);
  if (!parsed.ok || parsed.message.type !== "frame") return { ok: false, problem: "the frame cannot be read" };
  const frame = parsed.message;
  if (frame.state === "no-reconstruction")
    return { ok: false, problem: `frame ${frame.seq} has no reconstruction: there is no picture to save` };
  const { width, height, image } = frame;
  const texts = { Software: hello.server, [KEYWORD]: JSON.stringify(lineageOf(frame, hello)) };
  return { ok: true, name: fileName(frame, hello.session), png: await encodePng({ width, height, rgb: image }, texts) };
}

/** Hands a file to the browser's downloads. */
export function download(name: string, png: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after this turn; a minute is enough for any disk.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
