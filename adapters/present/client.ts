import { Dealer } from "zeromq";
import { PhospheneError } from "../../src/errors.ts";
import { encodeRequest, type PresentAnswer, type PresentRequest, parseAnswer } from "./message.ts";

/** Pictures that the display has not answered yet. */
const MOST_UNANSWERED = 8;
/** A display that has not answered by then will not, ms. */
const PATIENCE_MS = 1_000;

export interface DisplayClient {
  /** Resolves when the display has accepted the picture. Rejects with PRESENT_UNAVAILABLE when it refuses, is not there, or does not answer. */
  present(request: PresentRequest): Promise<void>;
  close(): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Connects to a display that listens at `endpoint` (REP or ROUTER), and again whenever it comes back. Nothing waits for one that is not there. */
export function connectDisplay(endpoint: string, patienceMs = PATIENCE_MS): DisplayClient {
  // With `immediate` nothing is queued for a connection that is not up; a send that cannot go at once fails.
  // Few may queue for one that hangs: it would show them all when it wakes.
  const queue = { sendHighWaterMark: MOST_UNANSWERED, immediate: true, sendTimeout: 0, linger: 0 };
  const socket = new Dealer({ ...queue, maxMessageSize: 4_096 });
  socket.reconnectInterval = 100;
  socket.reconnectMaxInterval = 1_000;
  socket.connect(endpoint);
  const waiting = new Map<string, Waiting>();
  let sending: Promise<void> = Promise.resolve();

  const settle = (id: string, problem: string | null) => {
    const found = waiting.get(id);
    if (found === undefined) return;
    waiting.delete(id);
    clearTimeout(found.timer);
    if (problem === null) found.resolve();
    else found.reject(unavailable(`${endpoint}: ${problem}`));
  };
  void readAnswers(socket, (said) => {
    if (said.type === "accepted") settle(said.id, null);
    else if (said.id !== null) settle(said.id, `refused the picture: ${said.reason}`);
  });
  const send = async (request: PresentRequest) => {
    try {
      // The empty frame is what a REP socket expects before the message.
      await socket.send(["", ...encodeRequest(request)]);
    } catch {
      settle(request.id, "expected a display that listens there and takes pictures, found none");
    }
  };
  return {
    present(request) {
      if (waiting.size >= MOST_UNANSWERED)
        return Promise.reject(unavailable(`${endpoint}: ${MOST_UNANSWERED} pictures wait for an answer already`));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => settle(request.id, `no answer within ${patienceMs} ms`), patienceMs);
      waiting.set(request.id, { resolve, reject, timer });
      // One send at a time: the package refuses a second.
      sending = sending.then(() => send(request));
      return promise;
    },
    close() {
      socket.close();
      for (const id of [...waiting.keys()]) settle(id, "the daemon stops");
    },
  };
}

async function readAnswers(socket: Dealer, said: (answer: PresentAnswer) => void): Promise<void> {
  for await (const frames of socket) {
    const answer = parseAnswer(frames.at(-1) ?? new Uint8Array());
    if (answer !== null) said(answer);
  }
}

function unavailable(problem: string): PhospheneError {
  return new PhospheneError("PRESENT_UNAVAILABLE", problem);
}
