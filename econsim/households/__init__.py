"""Exact methods for households that save: income chains, optimal policies, distributions and stationary equilibria."""
