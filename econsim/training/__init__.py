"""Joint learners: PPO, two-level loops, curricula, imitation, prompt optimisation."""

RENAMED = {"lessons": "prompt_optimisation"}
