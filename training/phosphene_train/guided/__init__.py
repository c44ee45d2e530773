"""Pictures edited by latent group under mutual information (MIG-Vis, arXiv 2510.02182), and a few-step student."""
