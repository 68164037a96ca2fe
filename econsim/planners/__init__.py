"""Decision-makers for leaders: fixed schedules, formulas, searched and neural ones."""

RENAMED = {"lessons": "llm_lessons"}
