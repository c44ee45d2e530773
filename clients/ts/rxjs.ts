import { Observable } from "rxjs";
import type { ClientEvents, Source } from "./listen.ts";
import { type ConnectionState, isOver, overError } from "./state.ts";

type Streams = {
  [Name in
    | "frame"
    | "latents"
    | "spikes"
    | "event"
    | "status"
    | "steered"
    | "switched"
    | "adapted"
    | "hello"
    | "session" as `${Name}$`]: Observable<ClientEvents[Name]>;
} & { state$: Observable<ConnectionState> };

/**
 * The client's messages as observables: subscribing to one subscribes to its topic, and nothing is buffered. They complete when the client is
 * closed, and fail with CLIENT_REFUSED when it is refused; `state$` begins with the present state.
 */
export function observe(client: Source): Streams {
  const stream = <Name extends keyof ClientEvents>(name: Name) =>
    new Observable<ClientEvents[Name]>((subscriber) => {
      subscriber.add(client.on(name, (value) => subscriber.next(value)));
      const end = (state: ConnectionState) => {
        if (state.phase === "closed") subscriber.complete();
        else if (isOver(state)) subscriber.error(overError(state));
      };
      subscriber.add(client.on("state", end));
      if (name === "state") subscriber.next(client.state as ClientEvents[Name]);
      end(client.state);
    });
  return {
    ...{ frame$: stream("frame"), latents$: stream("latents"), spikes$: stream("spikes") },
    ...{ event$: stream("event"), status$: stream("status"), steered$: stream("steered") },
    ...{ switched$: stream("switched"), adapted$: stream("adapted"), hello$: stream("hello") },
    ...{ session$: stream("session"), state$: stream("state") },
  };
}
