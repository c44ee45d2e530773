import { connectDisplay, type DisplayClient } from "../adapters/present/client.ts";
import { encodePng } from "./png.ts";

/** So many last pictures can still be fetched. */
const KEPT = 64;

/** A picture for the subject: RGB, row by row, 8 bits a channel; `image` has width * height * 3 bytes. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array;
}

/** The way to a rig that shows pictures. */
export interface Presenter {
  /** Hands the picture to the rig; resolves with the stimulus' id, `live-<n>`, by which the rig says later that it is on. Rejects with PRESENT_UNAVAILABLE. */
  submit(picture: Picture): Promise<string>;
  /** One of the last 64 pictures as a PNG file; null when there is none of that id. */
  png(id: string): Buffer | null;
  has(id: string): boolean;
  /** One of the last 64 pictures, or null. */
  picture(id: string): Picture | null;
  close(): Promise<void>;
}

/** Pictures are handed to the display at `endpoint` (docs/closed-loop.md), numbered from 0 through the session. */
export function openPresenter(
  endpoint: string,
  connect: (endpoint: string) => DisplayClient = connectDisplay,
): Presenter {
  const display = connect(endpoint);
  const kept = new Map<string, Picture>();
  let next = 0;
  return {
    async submit(picture) {
      const id = `live-${next++}`;
      // Before it is sent: the rig may say that it is on before its answer is here.
      kept.set(id, picture);
      for (const old of kept.keys()) {
        if (kept.size <= KEPT) break;
        kept.delete(old);
      }
      try {
        await display.present({ id, ...picture });
      } catch (error) {
        kept.delete(id);
        throw error;
      }
      return id;
    },
    png(id) {
      const picture = kept.get(id);
      return picture === undefined ? null : encodePng(picture.width, picture.height, picture.image);
    },
    has: (id) => kept.has(id),
    picture: (id) => kept.get(id) ?? null,
    close: async () => display.close(),
  };
}
