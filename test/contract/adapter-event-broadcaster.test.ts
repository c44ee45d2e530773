import { eventBroadcaster } from "../../adapters/event-broadcaster/adapter.ts";
import { adapterContract } from "./adapter-suite.ts";
import { broadcasterPeer } from "./broadcaster-peer.ts";

const ELECTRODES = { "Electrode 1": "E1", "Electrode 2": "E2", "Electrode 3": "E3" };

for (const format of ["json", "raw"] as const)
  adapterContract({
    adapter: eventBroadcaster,
    cannot: { text: true },
    makePeer: async () => {
      const peer = await broadcasterPeer(format);
      return { peer, options: { endpoint: peer.endpoint, electrodes: ELECTRODES } };
    },
  });
