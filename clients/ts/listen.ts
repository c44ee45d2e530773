import type { Messages } from "./messages.ts";
import { LatestQueue } from "./queue.ts";
import { type ConnectionState, isOver, overError } from "./state.ts";

/** What can be listened to: the daemon's messages, and what becomes of the connection. */
export type ClientEvents = Omit<Messages, "pong" | "noted" | "presented"> & {
  state: ConnectionState;
  /** Another daemon answers than before, or the same one restarted: numbers begin anew. */
  session: { session: string; previous: string };
};

/** Where events come from, and whether any more can. */
export interface Source {
  readonly state: ConnectionState;
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): () => void;
}

/** The next value of this name that satisfies `wanted`; rejects once the source is over. */
export function nextOf<Name extends keyof ClientEvents>(
  source: Source,
  name: Name,
  wanted: (value: ClientEvents[Name]) => boolean,
): Promise<ClientEvents[Name]> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      for (const stop of stops) stop();
      act();
    };
    const end = (state: ConnectionState) => {
      if (isOver(state)) settle(() => reject(overError(state)));
    };
    const stops = [source.on(name, (value) => wanted(value) && settle(() => resolve(value))), source.on("state", end)];
    end(source.state);
  });
}

/** Values of this name, at most `depth` of them waiting; over with the source. */
export function eachOf<Name extends keyof ClientEvents>(
  source: Source,
  name: Name,
  depth: number,
): LatestQueue<ClientEvents[Name]> {
  const queue = new LatestQueue<ClientEvents[Name]>(depth, () => {
    for (const stop of stops) stop();
  });
  const end = (state: ConnectionState) => {
    if (isOver(state)) queue.end();
  };
  const stops = [source.on(name, (value) => queue.push(value)), source.on("state", end)];
  end(source.state);
  return queue;
}
