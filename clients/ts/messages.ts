import { copyFloat32, copyUint16 } from "../../src/protocol/bins.ts";
import type { FrameBody, LatentsBody, ServerBodies, ServerMessage, SpikesBody } from "../../src/protocol/messages.ts";
import { parseServerMessage } from "../../src/protocol/parse.ts";

type Typed<Body extends LatentsBody> = Omit<Body, "mu" | "logvar" | "readouts"> & {
  /** Posterior mean of the latents, before steering. */
  mu: Float32Array;
  logvar: Float32Array;
  readouts: Record<string, Float32Array>;
};

/** A decoded picture and its lineage; `image` is RGB, row by row, 8 bits a channel. docs/protocol.md says what each key means. */
export type Frame = Typed<FrameBody>;
/** A frame without its picture. */
export type Latents = Typed<LatentsBody>;
/** One closed bin; `offsetsMs[i]` after its start unit `units[i]` fired. */
export type Spikes = Omit<SpikesBody, "units" | "offsetsMs"> & { units: Uint16Array; offsetsMs: Float32Array };

/** Bodies of the daemon's messages as this client hands them on: numbers are typed arrays. */
export type Messages = Omit<ServerBodies, "frame" | "latents" | "spikes"> & {
  frame: Frame;
  latents: Latents;
  spikes: Spikes;
};
export type Message = { [Type in keyof Messages]: { type: Type; body: Messages[Type] } }[keyof Messages];

/** Reads a message of the daemon; null when it is of a later protocol, or none at all. Arrays are copies, `image` is a view of `bytes`. */
export function readMessage(bytes: Uint8Array): Message | null {
  const parsed = parseServerMessage(bytes);
  return parsed.ok ? typed(parsed.message) : null;
}

function typed(message: ServerMessage): Message {
  switch (message.type) {
    case "frame": {
      const { type, ...body } = message;
      return { type, body: withArrays(body) };
    }
    case "latents": {
      const { type, ...body } = message;
      return { type, body: withArrays(body) };
    }
    case "spikes": {
      const { type, units, offsetsMs, ...body } = message;
      return { type, body: { ...body, units: copyUint16(units), offsetsMs: copyFloat32(offsetsMs) } };
    }
    default: {
      const { type, ...body } = message;
      return { type, body } as Message;
    }
  }
}

function withArrays<Body extends LatentsBody>(body: Body): Typed<Body> {
  const { mu, logvar, readouts } = body;
  const values = Object.entries(readouts).map(([name, bytes]) => [name, copyFloat32(bytes)] as const);
  return { ...body, mu: copyFloat32(mu), logvar: copyFloat32(logvar), readouts: Object.fromEntries(values) };
}
