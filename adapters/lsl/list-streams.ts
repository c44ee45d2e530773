import { type Handle, loadNative } from "./native.ts";
import { describeStream, type StreamDescription } from "./stream.ts";

const FORGET_S = 5;
const MOST = 256;

/** Every LSL stream that answers within `waitMs`, by name. Throws LSL_UNAVAILABLE. */
export async function listStreams(waitMs: number, library?: string): Promise<StreamDescription[]> {
  const native = loadNative(library);
  // An XPath condition that every stream fulfils.
  const resolver: Handle = native.createResolver("name", FORGET_S);
  try {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const infos = new BigUint64Array(MOST);
    const count = Number(native.resolverResults(resolver, infos, MOST));
    const found = new Map<string, StreamDescription>();
    for (const info of infos.subarray(0, count)) {
      const stream = describeStream(native, info);
      native.destroyInfo(info);
      found.set(stream.uid, stream);
    }
    return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
  } finally {
    native.destroyResolver(resolver);
  }
}
