import { describe, test } from "vitest";
import { lsl } from "../../adapters/lsl/adapter.ts";
import { adapterContract } from "./adapter-suite.ts";
import { lslIsThere, lslMarkerPeer } from "./lsl-peer.ts";

const { there, why } = lslIsThere();

if (there) {
  adapterContract({
    adapter: lsl,
    makePeer: async () => {
      const peer = lslMarkerPeer();
      return { peer, options: { stream: { sourceId: peer.sourceId }, layout: "markers", spikeMarkers: true } };
    },
  });
} else {
  describe("adapter lsl", () => {
    test.skip(`SKIPPED, no liblsl on this machine: ${why}`, () => {});
  });
}
