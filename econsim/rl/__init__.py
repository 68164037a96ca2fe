"""Proximal policy optimisation (PPO): rollouts, buffers, advantages, losses, updates and schedules."""
