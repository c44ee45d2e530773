import { Packr } from "msgpackr";
import type { ClientBodies, ServerBodies } from "./messages.ts";

// undefined would become an extension, which plain MessagePack readers refuse: nil instead.
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

/** Bytes of a message to a viewer. They are never written to again, so one encoding is shared by all viewers. */
export function encodeServer<T extends keyof ServerBodies>(type: T, body: ServerBodies[T]): Uint8Array {
  return packr.pack({ type, ...body });
}

/** Bytes of a message to the daemon. */
export function encodeClient<T extends keyof ClientBodies>(type: T, body: ClientBodies[T]): Uint8Array {
  return packr.pack({ type, ...body });
}
