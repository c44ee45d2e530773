"""Every decoder on the same held-out data: `phosphene-train compare` (docs/decoders.md)."""
