"""Agents for leading roles: fixed schedules, formulas, search, neural policies, elections and language models."""

RENAMED = {"lessons": "llm_lessons"}
