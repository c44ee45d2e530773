import { PhospheneError } from "../../src/errors.ts";

/** Messages kept for one slow subscriber; the next are lost to it alone, by ZeroMQ, and it sees so from their numbers. */
const SEND_HIGH_WATER_MARK = 100;

export interface Publishing {
  /** Hands a message over, at once; rejects when ZeroMQ does not take it. */
  send(parts: readonly (string | Uint8Array)[]): Promise<void>;
  close(): void;
}

/** Binds a PUB socket; the native package is loaded now. Errors: ADDRESS_IN_USE, OUTPUT_UNAVAILABLE. */
export async function openPublisher(endpoint: string): Promise<Publishing> {
  const zmq = await import("zeromq");
  const socket = new zmq.Publisher({ sendHighWaterMark: SEND_HIGH_WATER_MARK, sendTimeout: 0, linger: 0 });
  try {
    await socket.bind(endpoint);
  } catch (cause) {
    socket.close();
    const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    if (taken) throw new PhospheneError("ADDRESS_IN_USE", `${endpoint}: another program listens there`, { cause });
    throw new PhospheneError("OUTPUT_UNAVAILABLE", `${endpoint}: expected an address to bind, got ${String(cause)}`, {
      cause,
    });
  }
  return { send: async (parts) => socket.send([...parts]), close: () => socket.close() };
}
