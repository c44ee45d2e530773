import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Frames } from "../adapters/open-ephys/encode.ts";
import { zmtpEncode } from "../adapters/zeromq/zmtp.ts";

/**
 * A publisher of ZMTP 3.1 by hand, for one subscriber of any ZeroMQ library: what is written is in the kernel when `write` returns, so that a stamp
 * taken just before is the moment of handing over, and no queue or thread of a library lies between. Nothing is dropped: what waits, waits.
 */
export async function listen(port: number): Promise<{ server: Server; subscriber: Promise<Socket> }> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const connected = once(server, "connection") as Promise<[Socket]>;
  return { server, subscriber: connected.then(([socket]) => handshake(socket)) };
}

async function handshake(socket: Socket): Promise<Socket> {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  const subscribed = new Promise<void>((resolve) => {
    socket.on("data", (data) => {
      const text = data.toString("latin1");
      if (text.includes("SUBSCRIBE")) resolve();
      if (text.includes("PING")) socket.write(zmtpEncode.pong(new Uint8Array()));
    });
  });
  socket.write(zmtpEncode.greeting());
  socket.write(zmtpEncode.ready("PUB"));
  await subscribed;
  return socket;
}

/** Appends a message as ZMTP has it: for each frame flags (1: more follow, 2: long), length, body. */
export function pack(message: Frames, into: Buffer[]): void {
  for (const [i, body] of message.entries()) {
    const more = i < message.length - 1 ? 1 : 0;
    const header = Buffer.alloc(body.length > 255 ? 9 : 2);
    header[0] = body.length > 255 ? more | 2 : more;
    if (body.length > 255) header.writeUInt32BE(body.length, 5);
    else header[1] = body.length;
    into.push(header, body);
  }
}
