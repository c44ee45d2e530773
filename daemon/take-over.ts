import { expected, PhospheneError } from "../src/errors.ts";
import { tell } from "./announce.ts";
import { type Bundle, readBundle } from "./bundle.ts";
import type { Engine } from "./engine.ts";
import { guidanceRange, helloBody } from "./hello.ts";
import type { PreparedOutputs } from "./outputs.ts";
import type { Parts } from "./parts.ts";
import type { SwitchRequest } from "./server/commands.ts";

/** Exchanges the bundle that decodes for another, by an operator's request. Resolves after the exchange; rejects with a coded error, and the one of before goes on. */
export async function switchBundle(parts: Parts, request: SwitchRequest): Promise<void> {
  const { bundle: name } = request;
  let prepared: PreparedOutputs | undefined;
  let begun = false;
  const prepare = async (bundle: Bundle) => {
    begun = true;
    tell(parts, `loading bundle ${name}`);
    await verifyAgain(bundle);
    prepared = await prepareOutputs(parts, bundle);
  };
  try {
    await parts.switchboard.switchTo(name, prepare, (engine) => takeOver(parts, request, engine, prepared));
  } catch (error) {
    await prepared?.discard();
    if (begun) {
      parts.log.warn(`bundle ${name} not taken: ${String(error)}`);
      tell(parts, `bundle ${name} not taken`);
    }
    throw error;
  }
}

/** The folder may have changed since the daemon started; what was checked then is what units and bins were compared by. */
async function verifyAgain({ dir, digest }: Bundle): Promise<void> {
  const now = await readBundle(dir);
  if (now.digest === digest) return;
  const wanted = `the manifest.json of the daemon's start, ${digest.slice(0, 12)}...`;
  throw new PhospheneError("BUNDLE_DIGEST_MISMATCH", expected(dir, wanted, now.digest.slice(0, 12)));
}

/** A rule that names what the bundle has not is a reason not to switch: a trigger must not fall silent unseen. */
async function prepareOutputs({ outputs, config, session, now }: Parts, bundle: Bundle) {
  try {
    return await outputs?.prepare(helloBody(bundle, config, session, now()).bundle);
  } catch (error) {
    if (!(error instanceof PhospheneError) || error.code !== "CONFIG_INVALID") throw error;
    throw new PhospheneError("SWITCH_REFUSED", error.message.slice(error.code.length + 3), { cause: error });
  }
}

/** At once, between two windows: the next one is decoded by `engine`, and everybody has been told so before its frame comes. */
function takeOver(
  parts: Parts,
  { id, by }: SwitchRequest,
  { bundle, host }: Engine,
  outputs: PreparedOutputs | undefined,
): void {
  const { manifest, digest } = bundle;
  const { name, latents } = manifest;
  parts.budget.rebase(host.info?.costMs ?? {});
  parts.writer.forget();
  parts.changes.add({ type: "switched", body: { id, by, bundle: name, digest } });
  parts.steering.restart(latents.groups.length, guidanceRange(manifest, parts.config), by);
  outputs?.commit();
  parts.server?.publishHello();
  parts.log.info(`decoding with ${name} (${manifest.kind})`);
  tell(parts, `bundle ${name}, steering zero`);
}
