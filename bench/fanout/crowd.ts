// Many viewers in one process: raw sockets, read into one buffer, nothing parsed but the heads of frames. Pings are answered.
import { connect, type Socket } from "node:net";
import { clientFrame, FrameCounter, handshake, PONG, SUBSCRIBE_FRAMES } from "./wire.ts";

/** Connecting at the same time, so that the daemon's queue of connections does not overflow. */
const AT_ONCE = 32;
const END_OF_HEAD = "\r\n\r\n";

interface Member {
  readonly socket: Socket;
  readonly counter: FrameCounter;
}

const buffer = Buffer.alloc(1 << 18);

/** Resolves once the server has said hello, which is its first message. */
function join(url: URL): Promise<Member> {
  return new Promise((resolve, reject) => {
    let head = "";
    let isOpen = false;
    const counter = new FrameCounter((payload) => socket.write(clientFrame(PONG, payload)));
    const onHead = (chunk: Buffer) => {
      head += chunk.toString("latin1");
      const end = head.indexOf(END_OF_HEAD);
      if (end === -1) return;
      if (!head.startsWith("HTTP/1.1 101")) reject(new Error(head.split("\r\n", 1)[0]));
      isOpen = true;
      counter.take(Buffer.from(head.slice(end + END_OF_HEAD.length), "latin1"));
      socket.write(SUBSCRIBE_FRAMES);
    };
    const callback = (bytes: number) => {
      const chunk = buffer.subarray(0, bytes);
      if (isOpen) counter.take(chunk);
      else onHead(chunk);
      if (counter.messages > 0) resolve({ socket, counter });
      return true;
    };
    const socket = connect({ host: url.hostname, port: Number(url.port), onread: { buffer, callback } });
    socket.setNoDelay(true);
    socket.on("error", reject);
    socket.once("connect", () => socket.write(handshake(url)));
  });
}

async function serve(url: URL, count: number): Promise<void> {
  const members: Member[] = [];
  while (members.length < count)
    members.push(
      ...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - members.length) }, () => join(url)))),
    );
  process.on("message", () => process.send?.(members.map(({ counter }) => counter.messages)));
  process.on("disconnect", () => process.exit(0));
  process.send?.("joined");
}

await serve(new URL(process.argv[2]!), Number(process.argv[3]));
