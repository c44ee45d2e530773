import type { FrameBody, HelloBody } from "../../../src/protocol/messages.ts";
import { floatsCopy } from "../lib/bytes.ts";

/** What a saved picture says of itself: the frame as it came, but for its pixels, and what the daemon said of its session. */
export function lineageOf(frame: FrameBody, hello: HelloBody): Record<string, unknown> {
  const { image: _pixels, mu, logvar, readouts, ...rest } = frame;
  const { type: _type, ...said } = rest as typeof rest & { type?: string };
  const { name, kind, digest, bins, latents, readouts: labels, evidence } = hello.bundle;
  return {
    format: "phosphene frame 1",
    server: hello.server,
    session: hello.session,
    source: hello.source,
    bundle: { name, kind, digest, bins, latents, readouts: labels, evidence },
    /** Wall clock of the daemon's machine when the bin was closed. */
    closedAt: new Date(hello.unixMs + frame.stamps.closed - hello.nowMs).toISOString(),
    frame: {
      ...said,
      mu: [...floatsCopy(mu)],
      logvar: [...floatsCopy(logvar)],
      readouts: Object.fromEntries(Object.entries(readouts).map(([key, bytes]) => [key, [...floatsCopy(bytes)]])),
    },
  };
}

/** The head of a session's id is enough to tell sessions apart; the whole of it is in the lineage. */
const SESSION_CHARS = 8;

/** Name of the file: which session, which frame, and what is wrong with it if anything is. */
export function fileName(frame: Pick<FrameBody, "seq" | "state">, session: string): string {
  const short = session.replace(/[^\w-]+/g, "-").slice(0, SESSION_CHARS);
  const state = frame.state === "ok" ? "" : `-${frame.state}`;
  return `phosphene-${short}-${String(frame.seq).padStart(6, "0")}${state}.png`;
}
