import { falconOutput } from "../../adapters/falcon-output/adapter.ts";
import { adapterContract } from "./adapter-suite.ts";
import { falconPeer } from "./falcon-peer.ts";

adapterContract({
  adapter: falconOutput,
  labels: ["CH1.0", "CH2.0", "CH3.0"],
  cannot: { text: true, unknownUnits: true },
  makePeer: async () => {
    const peer = await falconPeer();
    return { peer, options: { endpoint: peer.endpoint, detect: { settleS: 0.1 } } };
  },
});
