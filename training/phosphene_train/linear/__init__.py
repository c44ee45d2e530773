"""Bundles of kind `linear` (docs/bundle.md): matrices in closed form, windows to latents and latents to pictures."""
