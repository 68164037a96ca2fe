"""Way to one model: its settings, provider, rate limits and spending limit, and the scheduler of its calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from econsim.errors import UserError
from econsim.llm._loop import Loop
from econsim.llm.budget import Forecast, SpendingLimit, price_of
from econsim.llm.providers import provider_of
from econsim.llm.rate_limit import RateLimit
from econsim.llm.requests import Reply, Request
from econsim.llm.scheduling import Arrival, Provider, Scheduler
from econsim.llm.settings import Settings

__all__ = ["Channel"]


class Channel:
    """Sends requests to one model, ``name`` in ``llm.models``; connections are opened by the first request."""

    def __init__(self, settings: Settings, purse: SpendingLimit, name: str = "") -> None:
        """Create the provider where the mode sends requests.

        Raises:
            UserError: no model is configured, or a library is missing.
        """
        self.settings, self._name = settings, name
        self.provider: Provider | None = provider_of(settings) if settings.mode in ("off", "record") else None
        self._purse, self._pace = purse, RateLimit(settings.requests_per_minute, settings.tokens_per_minute)
        self._scheduler: Scheduler | None = None

    def send(self, loop: Loop, requests: Sequence[Request], arrived: Callable[[Arrival], None]) -> None:
        """Send requests, and call ``arrived`` with each result; raises as :meth:`Scheduler.send`.

        Raises:
            UserError: the provider has no embeddings.
        """
        if self.settings.provider != "openai_compatible" and any(request.embeds for request in requests):
            raise UserError("embeddings need llm.provider=openai_compatible; leave memory.retrieval.embeddings empty")
        if self._scheduler is None:
            settings = self.settings
            self.provider = self.provider or provider_of(settings)
            speed = (settings.concurrency, settings.retries, settings.backoff)
            shortens = settings.on_overflow == "shorten"
            self._scheduler = Scheduler(self.provider, self._purse, self._pace, self.price, *speed, shortens)
        loop.run(self._scheduler.send(requests, arrived))

    def check(self, loop: Loop) -> None:
        """Raise :class:`EndpointError` if it is clear before the first request that none will be answered."""
        if self.provider is not None:
            loop.run(self.provider.check())

    def close(self, loop: Loop) -> None:
        """Close the connections."""
        if self.provider is not None:
            loop.run(self.provider.close())

    def forecast(self, calls: int, input_tokens: int, output_tokens: int) -> Forecast:
        """Return the cost of calls and tokens in US dollars, and their duration in seconds under the rate limits."""
        usd = price_of(self.settings, input_tokens, output_tokens)
        seconds = self._pace.seconds(calls, input_tokens + output_tokens)
        return Forecast(calls, input_tokens, output_tokens, usd, seconds, (self._name,))

    def price(self, reply: Reply) -> float | None:
        """Return the price of a reply in US dollars, if it is known."""
        return price_of(self.settings, reply.input_tokens, reply.output_tokens)
