"""Decoding pictures from macaque V4 (Cowley et al. 2023): data, encoding models, decoders, the table."""
