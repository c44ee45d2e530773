"""Trains Phosphene bundles."""
