import { encodeClient } from "../src/protocol/encode.ts";
import { PROTOCOL } from "../src/protocol/messages.ts";

/** Says what is shown to a daemon on this machine, as the presentation's computer would. */
export interface EventClient {
  /** Lost while nobody is connected: an event that comes late would be of another picture. */
  say(text: string): void;
  close(): void;
}

const AGAIN_MS = 1_000;

/** Connects to `url` (http or ws), and again a second after every end, until it is closed. */
export function openEventClient(url: string): EventClient {
  const address = new URL("/v1/stream", url.replace(/^http/, "ws"));
  let id = 0;
  let again: NodeJS.Timeout | undefined;
  let isClosed = false;
  let socket = connect();
  function connect(): WebSocket {
    const opened = new WebSocket(address, [PROTOCOL]);
    opened.addEventListener("close", () => {
      if (isClosed) return;
      again = setTimeout(() => {
        socket = connect();
      }, AGAIN_MS);
    });
    return opened;
  }
  return {
    say(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(encodeClient("event", { id: ++id, text })));
    },
    close() {
      isClosed = true;
      clearTimeout(again);
      socket.close();
    },
  };
}
