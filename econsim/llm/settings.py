"""The section ``llm`` of a scenario: which model is asked, how fast, for how much, and what happens where it fails."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, field_validator, model_validator

from econsim.parameters import Model

__all__ = ["Budget", "Prices", "Settings"]

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


class Budget(Model):
    """What a run may spend; at its end the run stops and can be resumed with a larger one."""

    calls: int | None = Field(None, ge=0)
    """Most calls that are answered by the endpoint; answers from a store cost nothing."""
    tokens: int | None = Field(None, ge=0)
    """Most tokens, those of questions and answers together."""
    usd: float | None = Field(None, ge=0)
    """Most money, in US dollars; needs ``prices``, or a provider that knows them."""


class Prices(Model):
    """What the provider charges, in US dollars."""

    input_per_million: float = Field(ge=0)
    """For a million tokens of questions."""
    output_per_million: float = Field(ge=0)
    """For a million tokens of answers."""


class Settings(Model):
    """Which language model answers, and how it is asked."""

    model: str = ""
    """The model's name at its provider; a folder for ``transformers``. A run needs one."""
    base_url: str | None = None
    """Where an OpenAI-compatible server listens, up to and with ``/v1``: ``http://localhost:8000/v1``."""
    provider: Literal["openai_compatible", "litellm", "transformers"] = "openai_compatible"
    """Who is asked: any OpenAI-compatible server, every provider that litellm knows, or a model in this process."""
    api_key_env: str = "OPENAI_API_KEY"
    """The NAME of the environment variable that holds the key. The key itself is never part of a scenario."""
    mode: Literal["off", "record", "replay", "strict_replay"] = "record"
    """``record`` takes answers from the store and adds new ones; ``replay`` takes them and adds none; in
    ``strict_replay`` nothing is asked and a missing answer is an error; ``off`` keeps no store."""
    store: str | None = None
    """Path of the response store, or of the run that has it; by default ``answers.sqlite`` in the run's own folder."""
    temperature: float = Field(0.7, ge=0, le=2)
    """Sampling temperature of the model."""
    max_tokens: int = Field(256, ge=1)
    """Most tokens of an answer."""
    structured: bool = True
    """Send the JSON schema of the answer (``response_format``); some servers refuse it."""
    body: dict[str, JsonValue] = Field(default_factory=dict)
    """More entries of each request, as the server names them; ``null`` leaves out one that is sent otherwise:
    ``{max_tokens: null, max_completion_tokens: 500}``."""
    timeout: float = Field(120.0, gt=0)
    """Seconds that one call may take."""
    retries: int = Field(5, ge=0, le=100)
    """How often a call is repeated that was too many, too slow, or met a fault of the server."""
    backoff: float = Field(0.5, ge=0)
    """Seconds before the first repetition; they double with each, unless the server says how long to wait."""
    concurrency: int = Field(64, ge=1, le=10_000)
    """Most calls at once."""
    requests_per_minute: float | None = Field(None, gt=0)
    """Most calls a minute."""
    tokens_per_minute: float | None = Field(None, gt=0)
    """Most tokens a minute, those of questions and answers together."""
    budget: Budget = Budget()
    """What the run may spend."""
    prices: Prices | None = None
    """What tokens cost, for forecasts, ledgers and budgets in money."""
    on_failure: Literal["retry", "previous", "rule", "stop"] = "retry"
    """Where a reply cannot be read: ask again with the error and then hold the previous action, hold the previous
    action, act by rule, or stop the run."""
    retries_with_error: int = Field(1, ge=0, le=10)
    """How often ``retry`` asks again."""
    failure_share: float = Field(0.2, ge=0, le=1)
    """The gate: the run ends once a larger share of the questions of one purpose has failed."""
    simulated: str = ""
    """What answers in the model's place, for reports; empty where it is a real model."""

    @field_validator("api_key_env")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        # The value is not repeated: it may be a key that was pasted here by mistake.
        if not _VARIABLE.fullmatch(value):
            raise ValueError("expected the NAME of an environment variable in capitals, never the key itself")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected http:// or https:// and a host, such as http://localhost:8000/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError(
                "holds a user, a password or a query; put the key into the variable that api_key_env names"
            )
        return value.rstrip("/")

    @model_validator(mode="after")
    def _money_needs_prices(self) -> Self:
        if self.budget.usd is not None and self.prices is None and self.provider == "openai_compatible":
            raise ValueError("budget.usd needs prices.input_per_million and prices.output_per_million")
        return self
