import { Reply } from "zeromq";
import { encodeAnswer, MOST_IMAGE_BYTES, type PresentAnswer, parseRequest } from "../adapters/present/message.ts";
import type { Encode } from "./encoder.ts";
import type { InteractiveSource } from "./interactive.ts";
import { bind } from "./publisher.ts";

/** Takes pictures on the port, on this machine only, and shows them to the animal (docs/closed-loop.md). Errors: ADDRESS_IN_USE. */
export async function openPresentPort(port: number, encode: Encode, source: InteractiveSource): Promise<() => void> {
  const socket = new Reply({ linger: 0, receiveHighWaterMark: 8, maxMessageSize: MOST_IMAGE_BYTES });
  await bind(socket, `tcp://127.0.0.1:${port}`, () => socket.close());
  void answerAll(socket, encode, source);
  return () => socket.close();
}

async function answerAll(socket: Reply, encode: Encode, source: InteractiveSource): Promise<void> {
  for await (const frames of socket) {
    const said = await answerOne(frames, encode, source);
    try {
      await socket.send(encodeAnswer(said));
    } catch {
      return; // Closed meanwhile.
    }
  }
}

async function answerOne(frames: Uint8Array[], encode: Encode, source: InteractiveSource): Promise<PresentAnswer> {
  const parsed = parseRequest(frames);
  if (!parsed.ok) return { type: "refused", id: parsed.id, reason: parsed.problem };
  const { id } = parsed.request;
  const taken = source.show({ id, drivenHz: await encode(parsed.request) });
  return taken ? { type: "accepted", id } : { type: "refused", id, reason: "as many pictures wait as there may" };
}
