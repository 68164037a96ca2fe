"""Learning algorithms that fit agents and planners: PPO, two-level PPO, curricula, imitation, prompt optimisation."""

RENAMED = {"lessons": "prompt_optimisation"}
