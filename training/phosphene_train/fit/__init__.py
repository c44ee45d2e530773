"""`phosphene-train fit` and `eval`: from a lab's own recording (docs/training-data.md) to a measured bundle."""
