import type { Handle, Native } from "./native.ts";
import { describeQuery, predicate, type StreamQuery } from "./query.ts";
import { describeStream, type StreamDescription, summary } from "./stream.ts";

/** A stream that is not seen for this long is gone, s. */
const FORGET_S = 5;
const POLL_MS = 50;
/** After the first answer we wait for others this long: two streams that match are no stream. */
const SETTLE_MS = 250;
const MOST = 64;

export interface Found {
  /** To be destroyed by whoever gets it. */
  readonly info: Handle;
  readonly stream: StreamDescription;
}

/** Asks the network until exactly one stream matches; undefined when `wait` says stop. `say` gets what there is instead. */
export function search(
  native: Native,
  query: StreamQuery,
  say: (detail: string) => void,
  wait: (ms: number) => boolean,
): Found | undefined {
  const resolver: Handle = native.createResolver(predicate(query), FORGET_S);
  const wanted = describeQuery(query);
  say(`looking for an LSL stream of ${wanted}`);
  let foundMs = 0;
  try {
    for (;;) {
      const found = results(native, resolver);
      if (found.length === 1 && foundMs >= SETTLE_MS) return found[0];
      for (const { info } of found) native.destroyInfo(info);
      if (found.length > 1)
        say(`${found.length} LSL streams of ${wanted}: ${found.map(({ stream }) => summary(stream)).join("; ")}`);
      foundMs = found.length === 1 ? foundMs + POLL_MS : 0;
      if (!wait(POLL_MS)) return undefined;
    }
  } finally {
    native.destroyResolver(resolver);
  }
}

/** Whether the network still knows the outlet: asked from time to time while a stream is silent, never waiting for the answer. */
export function watchdog(native: Native, uid: string) {
  let resolver: Handle | undefined;
  let asked = 0;
  const close = () => {
    if (resolver !== undefined) native.destroyResolver(resolver);
    resolver = undefined;
  };
  return {
    close,
    /** The stream has been silent until `nowMs`. False when nobody answered for it in 3 s. */
    alive(nowMs: number): boolean {
      if (resolver === undefined) {
        if (nowMs - asked < EVERY_MS) return true;
        resolver = native.createResolver(`uid='${uid}'`, FORGET_S);
        asked = nowMs;
      }
      const found = results(native, resolver as Handle);
      for (const { info } of found) native.destroyInfo(info);
      if (found.length > 0) close();
      return found.length > 0 || nowMs - asked < ANSWER_MS;
    },
  };
}

const EVERY_MS = 5_000;
const ANSWER_MS = 3_000;

function results(native: Native, resolver: Handle): Found[] {
  const infos = new BigUint64Array(MOST);
  const count = Number(native.resolverResults(resolver, infos, MOST));
  const found = new Map<string, Found>();
  for (const info of infos.subarray(0, count)) {
    const stream = describeStream(native, info);
    if (found.has(stream.uid)) native.destroyInfo(info);
    else found.set(stream.uid, { info, stream });
  }
  return [...found.values()];
}
