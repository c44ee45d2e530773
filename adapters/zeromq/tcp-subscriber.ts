import { connect, type Socket } from "node:net";
import type { Transport } from "./transport.ts";
import { zmtpDecoder, zmtpEncode } from "./zmtp.ts";

const READ_BUFFER_BYTES = 256 * 1024;
const MAX_FRAMES = 64;
const [RETRY_MS, RETRY_MAX_MS] = [100, 1_000];
/** The peer is asked for a sign of life this often; it is gone when so many in a row found none. Ticks, not times: our own loop may be late. */
const TICK_MS = 500;
const SILENT_TICKS = 3;
const HANDSHAKE_TICKS = 10;

/** A ZeroMQ subscriber without security, in a third of the time that the native package takes for a message. */
export const tcpSubscriber: Transport = ({ endpoint, topic, maxMessageBytes }, handlers) => {
  const [, host = "", port = ""] = /^tcp:\/\/(.+):(\d+)$/.exec(endpoint) ?? [];
  const buffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
  let closed = false;
  let retryMs = RETRY_MS;
  let retry: NodeJS.Timeout | undefined;
  let current: Socket | undefined;

  const dial = () => {
    let detail = `${endpoint} closed the connection, trying again`;
    let [answered, heard, silentTicks, minor] = [false, false, 0, 0];
    const socket = connect({
      host,
      port: Number(port),
      noDelay: true,
      onread: { buffer, callback: (bytes) => take(bytes) },
    });
    current = socket;
    const drop = (why: string) => {
      detail = `${endpoint} ${why}`;
      socket.destroy();
    };
    const decoder = zmtpDecoder(
      {
        greeted(peerMinor) {
          minor = peerMinor;
          socket.write(zmtpEncode.ready());
        },
        ready() {
          answered = true;
          retryMs = RETRY_MS;
          socket.write(zmtpEncode.subscribe(topic, minor));
          handlers.state("connected", endpoint);
        },
        message: handlers.message,
        ping: (context) => void socket.write(zmtpEncode.pong(context)),
      },
      { maxMessageBytes, maxFrames: MAX_FRAMES },
    );
    const take = (bytes: number): boolean => {
      if (closed || socket.destroyed) return false;
      heard = true;
      const refusal = decoder.push(buffer.subarray(0, bytes));
      handlers.turn();
      if (refusal !== undefined) drop(refusal);
      return true;
    };
    const tick = () => {
      silentTicks = heard ? 0 : silentTicks + 1;
      heard = false;
      if (answered && minor >= 1) {
        if (silentTicks >= SILENT_TICKS) return drop("does not answer, trying again");
        socket.write(zmtpEncode.ping());
      }
      if (!answered && silentTicks >= HANDSHAKE_TICKS) drop("does not answer as ZeroMQ");
    };
    let ticking: NodeJS.Timeout | undefined;
    socket.once("connect", () => {
      socket.write(zmtpEncode.greeting());
      ticking = setInterval(tick, TICK_MS);
    });
    socket.on("error", () => {}); // "close" follows
    socket.once("close", () => {
      clearInterval(ticking);
      if (closed) return;
      if (ticking !== undefined) handlers.state("disconnected", detail);
      retry = setTimeout(dial, retryMs);
      retryMs = Math.min(RETRY_MAX_MS, 2 * retryMs);
    });
  };
  dial();
  return () => {
    closed = true;
    clearTimeout(retry);
    current?.destroy();
  };
};
