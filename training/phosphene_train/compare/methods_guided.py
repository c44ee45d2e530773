"""The guided decoder in the table: models/demo-guided's student, no group shifted, its default eta."""

import numpy as np

from .bundles import bundle_of, bundle_windows
from .types import Reconstruct, Split

BUNDLE = "demo-guided"
STEPS = "4"


class GuidedBundle:
    """encode.onnx and sample-4.onnx of the bundle, one fixed noise: as a session has it while no slider is touched."""

    name, kind, refits = "guided", "guided", False

    def refuses(self, split: Split) -> str | None:
        if bundle_of(split, BUNDLE) is None:
            return "no guided bundle was trained for this population: it edits what another decoder reconstructs"
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        from ..guided.decoder import GuidedBundleDecoder

        folder = bundle_of(split, BUNDLE)
        decoder = GuidedBundleDecoder(folder)

        def reconstruct(windows: np.ndarray) -> np.ndarray:
            own = bundle_windows(split, folder, windows)
            found = [decoder.encoder.run(["mu"], {"window": window[None]})[0] for window in own]
            return decoder.sample(STEPS, np.concatenate(found), [seed])[:, 0]

        return reconstruct


METHODS = (GuidedBundle(),)
