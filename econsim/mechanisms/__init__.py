"""Rules of exchange and government as pure functions on tensors: taxes, transfers, welfare, optimal-tax formulas."""
