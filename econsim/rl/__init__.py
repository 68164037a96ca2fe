"""PPO engine: rollouts, buffers, advantages, losses, updates and schedules."""
