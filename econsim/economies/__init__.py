"""Economies: games with production, exchange and a government, one kind per module or package."""
