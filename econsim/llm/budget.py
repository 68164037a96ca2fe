"""Cost of calls: prices, spending limits, and the expected cost of a run."""

from __future__ import annotations

from dataclasses import dataclass

from econsim.llm.failures import BudgetSpent
from econsim.llm.key_hosts import is_local
from econsim.llm.requests import Reply
from econsim.llm.settings import Budget, Settings

__all__ = ["Cost", "Forecast", "SpendingLimit", "price_of"]


_TRAINING = (
    "; in addition, the model is asked in every step of training, since agents are trained or searched beside it: limit"
    " the calls with llm.budget.calls=NUMBER"
)


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
    """Expected calls and cost of a run; ``usd`` is ``None`` without a known price, ``seconds`` without a rate limit.

    ``models``: the names in ``llm.models`` of the models that are called; empty for that of the section ``llm``.
    ``while_training``: agents are trained or searched beside the model, whose calls meanwhile are not part of the
    forecast.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None = None
    seconds: float | None = None
    models: tuple[str, ...] = ("",)
    while_training: bool = False

    def __add__(self, other: Forecast) -> Forecast:
        """Return the forecast of calls to both models, which are made at the same time."""
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        seconds = [forecast.seconds for forecast in (self, other) if forecast.seconds is not None]
        return Forecast(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            usd,
            max(seconds, default=None),
            (*self.models, *other.models),
        )

    def __str__(self) -> str:
        money = "at unknown prices" if self.usd is None else f"about {self.usd:,.2f} US dollars"
        money = "without a price" if self.usd == 0.0 else money
        duration = (
            "" if self.seconds is None else f", at least {self.seconds / 60:,.1f} minutes at the rate limits of the run"
        )
        return (
            f"up to {self.calls:,} calls, about {self.input_tokens:,} input and {self.output_tokens:,} output tokens,"
            f" {money}{duration}{_TRAINING * self.while_training}"
        )


class SpendingLimit:
    """Compares spending with the budget. A call is reserved before it is sent, so that the budget is not exceeded.

    ``key``: the beginning of the budget's key in the section ``llm``. ``whole``: the limit of all models together,
    where this is the limit of one.
    """

    def __init__(self, budget: Budget, spent: Cost, key: str = "", whole: SpendingLimit | None = None) -> None:
        self._budget, self.spent, self._key, self._whole = budget, spent, f"{key}budget", whole
        self._held_calls = 0
        self._held_tokens = 0

    def reserve(self, tokens: int) -> None:
        """Reserve one call and an estimated number of tokens.

        Raises:
            BudgetSpent: the remaining budget is smaller than that.
        """
        self._check(tokens)
        if self._whole is not None:
            self._whole.reserve(tokens)
        self._held_calls += 1
        self._held_tokens += tokens

    def _check(self, tokens: int) -> None:
        limits = self._budget
        if limits.calls is not None and self.spent.calls + self._held_calls >= limits.calls:
            raise BudgetSpent(
                f"{self.spent.calls + self._held_calls:,} of {limits.calls:,} calls have been used",
                f"{self._key}.calls",
            )
        held = self.spent.tokens + self._held_tokens
        if limits.tokens is not None and held + tokens > limits.tokens:
            raise BudgetSpent(
                f"{self.spent.tokens:,} of {limits.tokens:,} tokens have been used; too few are left for another call",
                f"{self._key}.tokens",
            )
        if limits.usd is not None and self.spent.usd >= limits.usd:
            message = f"{self.spent.usd:,.4f} of {limits.usd:,.4f} US dollars have been spent"
            raise BudgetSpent(message, f"{self._key}.usd")

    def settle(self, tokens: int, reply: Reply | None, usd: float | None = None) -> None:
        """Release the reservation of a call, and add its cost if there was a reply."""
        if self._whole is not None:
            self._whole.settle(tokens, reply, usd)
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
