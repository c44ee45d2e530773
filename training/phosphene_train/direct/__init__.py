"""Bundles of kind `direct` (docs/decoders.md): activity to picture by one network, from maps of each unit's own."""
