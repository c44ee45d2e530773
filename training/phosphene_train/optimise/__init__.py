"""Kind `optimise`: a picture is found by descending on the input of an encoding model (Bauer et al. 2026)."""
