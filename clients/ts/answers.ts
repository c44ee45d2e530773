import { type ClientError, failure } from "./errors.ts";

const MAX_WAITING = 256;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: ClientError): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Requests that wait for their answer: a bounded number of them, for a bounded time. */
export class Answers {
  readonly #waiting = new Map<number, Waiting>();
  readonly #timeoutMs: number;
  #nextId = 1;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Calls `send` with a fresh id and waits for the answer to it. Rejects with a ClientError. */
  ask<Answer>(what: string, send: (id: number) => void, timeoutMs = this.#timeoutMs): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise<Answer>((resolve, reject) => {
      if (this.#waiting.size >= MAX_WAITING)
        throw failure("CLIENT_BUSY", `${what}: expected at most ${MAX_WAITING} requests without an answer`);
      send(id);
      const late = () => this.refuse(id, failure("CLIENT_TIMEOUT", `${what}: no answer in ${timeoutMs} ms`));
      const timer = setTimeout(late, timeoutMs);
      this.#waiting.set(id, { resolve: (value) => resolve(value as Answer), reject, timer });
    });
  }

  /** The answer to request `id` has come; of others nothing is known. */
  answer(id: number | null, value: unknown): void {
    this.#take(id)?.resolve(value);
  }

  /** False when no request of that id waits. */
  refuse(id: number | null, error: ClientError): boolean {
    const waiting = this.#take(id);
    waiting?.reject(error);
    return waiting !== undefined;
  }

  refuseAll(error: ClientError): void {
    for (const id of [...this.#waiting.keys()]) this.refuse(id, error);
  }

  #take(id: number | null): Waiting | undefined {
    const waiting = id === null ? undefined : this.#waiting.get(id);
    if (id !== null) this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}
