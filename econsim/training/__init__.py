"""Joint learners: PPO, two-level loops, curricula, imitation, prompt optimisation."""
