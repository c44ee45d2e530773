/** Steers the first latent group up, says from which frame that holds, and lets go: `node clients/ts/examples/steer.ts [URL]`. */
import { connect } from "../index.ts";

using client = connect(process.argv[2] ?? "http://127.0.0.1:8787");
const { bundle, guidance } = await client.opened();
const group = bundle.latents.groups[0]!.name;
const steered = await client.steer({ gamma: { [group]: 2 }, guidance: guidance?.max ?? null });
console.log(`${group} +2, guidance ${steered.guidance}: from frame ${steered.seq}, bin ${steered.bin}`);
const released = await client.steer({ gamma: {} });
console.log(`released: from frame ${released.seq}, bin ${released.bin}`);
