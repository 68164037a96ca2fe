"""Cost of calls: prices, spending limits, and the expected cost of a run."""

from __future__ import annotations

from dataclasses import dataclass

from econsim.llm.failures import BudgetSpent
from econsim.llm.key_hosts import is_local
from econsim.llm.requests import Reply
from econsim.llm.settings import Budget, Settings

__all__ = ["Cost", "Forecast", "SpendingLimit", "price_of"]


@dataclass
class Cost:
    """Calls, tokens and US dollars; ``usd`` excludes the ``unpriced`` calls, whose price is unknown."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0

    @property
    def tokens(self) -> int:
        """Total tokens of questions and answers."""
        return self.input_tokens + self.output_tokens

    def add(self, reply: Reply, usd: float | None) -> None:
        """Count one call."""
        self.calls += 1
        self.input_tokens += reply.input_tokens
        self.output_tokens += reply.output_tokens
        self.usd += usd or 0.0
        self.unpriced += usd is None


@dataclass(frozen=True)
class Forecast:
    """Expected calls and cost of a run; ``usd`` is ``None`` without a known price, ``seconds`` without a rate limit."""

    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        money = "at unknown prices" if self.usd is None else f"about {self.usd:,.2f} US dollars"
        money = "without a price" if self.usd == 0.0 else money
        duration = (
            "" if self.seconds is None else f", at least {self.seconds / 60:,.1f} minutes at the rate limits of the run"
        )
        return (
            f"up to {self.calls:,} calls, about {self.input_tokens:,} input and {self.output_tokens:,} output tokens,"
            f" {money}{duration}"
        )


class SpendingLimit:
    """Compares spending with the budget. A call is reserved before it is sent, so that the budget is not exceeded."""

    def __init__(self, budget: Budget, spent: Cost) -> None:
        self._budget, self.spent = budget, spent
        self._held_calls = 0
        self._held_tokens = 0

    def reserve(self, tokens: int) -> None:
        """Reserve one call and an estimated number of tokens.

        Raises:
            BudgetSpent: the remaining budget is smaller than that.
        """
        limits = self._budget
        if limits.calls is not None and self.spent.calls + self._held_calls >= limits.calls:
            raise BudgetSpent(f"{self.spent.calls + self._held_calls:,} of {limits.calls:,} calls have been used")
        held = self.spent.tokens + self._held_tokens
        if limits.tokens is not None and held + tokens > limits.tokens:
            raise BudgetSpent(
                f"{self.spent.tokens:,} of {limits.tokens:,} tokens have been used; too few are left for another call"
            )
        if limits.usd is not None and self.spent.usd >= limits.usd:
            raise BudgetSpent(f"{self.spent.usd:,.4f} of {limits.usd:,.4f} US dollars have been spent", "usd")
        self._held_calls += 1
        self._held_tokens += tokens

    def settle(self, tokens: int, reply: Reply | None, usd: float | None = None) -> None:
        """Release the reservation of a call, and add its cost if there was a reply."""
        self._held_calls -= 1
        self._held_tokens -= tokens
        if reply is not None:
            self.spent.add(reply, usd)


def price_of(settings: Settings, input_tokens: int, output_tokens: int) -> float | None:
    """Return the price of tokens in US dollars; ``None`` if no price is known. Models on this machine cost nothing."""
    if settings.prices is not None:
        input_price, output_price = settings.prices.input_per_million, settings.prices.output_per_million
        return (input_tokens * input_price + output_tokens * output_price) / 1e6
    if settings.provider == "litellm":
        from econsim.llm.hosted import listed_price

        return listed_price(settings.model, input_tokens, output_tokens)
    return 0.0 if settings.provider == "transformers" or is_local(settings.base_url) else None
