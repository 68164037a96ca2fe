"""Agents for following roles: scripted rules, exact and noisy best responses, neural policies and language models."""
