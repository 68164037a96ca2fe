"""Economic mechanisms as pure functions on tensors: taxes, transfers, welfare, voting and optimal-tax formulas."""
