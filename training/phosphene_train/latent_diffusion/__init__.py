"""Decoding of fMRI by latent diffusion: "Contrast, Attend and Diffuse" (Sun et al. 2023, arXiv 2305.17214), small.

Voxel patterns -> masked autoencoder with two maskings and contrast (mae) -> tuned by reconstructing pictures through
cross-attention (cross) -> tokens that a diffusion model over a small picture latent attends to (denoiser), distilled
to 1, 2 and 4 steps.
"""
