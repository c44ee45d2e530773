import { openEphys } from "../../adapters/open-ephys/adapter.ts";
import { adapterContract } from "./adapter-suite.ts";
import { openEphysPeer } from "./open-ephys-peer.ts";

adapterContract({
  adapter: openEphys,
  makePeer: async () => {
    const peer = await openEphysPeer();
    return { peer, options: { endpoint: peer.endpoint } };
  },
});
