import type { AdapterContext } from "../define.ts";

/** The one stream of a connection that we listen to, since each counts samples on its own clock. */
export interface StreamChoice {
  /** The named one; without a name that of the first message. */
  isOurs(stream: string): boolean;
  /** Another acquisition: it may have other streams. */
  restart(): void;
}

export function chooseStream(name: string | undefined, log: AdapterContext["log"]): StreamChoice {
  let chosen = name;
  let said = false;
  return {
    isOurs(stream) {
      chosen ??= stream;
      if (stream === chosen) return true;
      if (!said) log(name === undefined ? "warn" : "info", "messages of other streams are ignored", { chosen, stream });
      said = true;
      return false;
    },
    restart() {
      chosen = name;
    },
  };
}
