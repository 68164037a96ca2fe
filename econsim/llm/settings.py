"""Scenario section ``llm``: the model, its provider, rate limits, budget, and the handling of failures."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from econsim.errors import UserError, did_you_mean
from econsim.parameters import Model

__all__ = ["Budget", "NamedModel", "Prices", "Settings"]

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_SCRIPTED = ("scripted", "tiny-economist")  # names of the models in econsim.testing.endpoints
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")


class Budget(Model):
    """Spending limits of a run. A run that reaches a limit stops, and can be resumed with a larger budget."""

    calls: int | None = Field(None, ge=0)
    """Maximum number of calls answered by the endpoint; answers from a response store do not count."""
    tokens: int | None = Field(None, ge=0)
    """Maximum number of tokens, questions and answers together."""
    usd: float | None = Field(None, ge=0)
    """Maximum cost in US dollars; needs ``prices``, or a provider whose prices are known."""


class Prices(Model):
    """Prices of the provider, in US dollars."""

    input_per_million: float = Field(ge=0)
    """Price of a million input tokens (questions)."""
    output_per_million: float = Field(ge=0)
    """Price of a million output tokens (answers)."""


class NamedModel(Model):
    """One of several models. Keys that are not given are those of the section ``llm``, which explains them."""

    model: str | None = None
    """Name of the model at its provider."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server."""
    provider: Literal["openai_compatible", "litellm", "transformers"] | None = None
    """How the model is called."""
    api_key_env: str | None = None
    """The NAME of the environment variable that holds the API key."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sampling temperature."""
    max_tokens: int | None = Field(None, ge=1)
    """Maximum number of tokens of an answer."""
    structured: bool | None = None
    """Send the JSON schema of the answer."""
    body: dict[str, JsonValue] | None = None
    """Additional entries of the request body."""
    timeout: float | None = Field(None, gt=0)
    """Seconds after which a call is given up."""
    concurrency: int | None = Field(None, ge=1, le=10_000)
    """Maximum number of simultaneous calls."""
    requests_per_minute: float | None = Field(None, gt=0)
    """Maximum number of calls per minute."""
    tokens_per_minute: float | None = Field(None, gt=0)
    """Maximum number of tokens per minute."""
    budget: Budget = Budget()
    """Spending limits of this model alone; ``llm.budget`` limits all models together."""
    prices: Prices | None = None
    """Prices of tokens."""


class Settings(Model):
    """The language model and how it is called."""

    model: str = ""
    """Name of the model at its provider, or for ``transformers`` the path of its folder. Required for a run."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server, up to and including ``/v1``: ``http://localhost:8000/v1``."""
    provider: Literal["openai_compatible", "litellm", "transformers"] = "openai_compatible"
    """``openai_compatible``: any OpenAI-compatible server; ``litellm``: any provider that litellm supports;
    ``transformers``: a model in the same process."""
    api_key_env: str = "OPENAI_API_KEY"
    """The NAME of the environment variable that holds the API key. The key itself is never part of a scenario. It is
    sent only to a host that the user allows in the environment variable ``ECONSIM_LLM_KEY_HOSTS``: VARIABLE@HOST."""
    mode: Literal["off", "record", "replay", "strict_replay"] = "record"
    """``record``: use stored answers and store new ones; ``replay``: use stored answers and do not store new ones;
    ``strict_replay``: send no requests, a missing answer is an error; ``off``: use no response store."""
    store: str | None = None
    """Path of the response store, or of the run that contains it; by default ``answers.sqlite`` in the run's folder."""
    temperature: float = Field(0.7, ge=0, le=2)
    """Sampling temperature of the model."""
    max_tokens: int = Field(256, ge=1)
    """Maximum number of tokens of an answer."""
    structured: bool = True
    """Send the JSON schema of the answer (``response_format``); some servers do not support it."""
    body: dict[str, JsonValue] = Field(default_factory=dict)
    """Additional entries of the request body, with the names that the server uses; ``null`` removes a default entry:
    ``{max_tokens: null, max_completion_tokens: 500}``."""
    timeout: float = Field(120.0, gt=0)
    """Seconds after which a call is given up if neither it nor a call that was sent before it was answered, so that
    the time in the queue of a slow server does not count."""
    retries: int = Field(5, ge=0, le=100)
    """How often a call is repeated after a rate limit, a timeout or an error of the server."""
    backoff: float = Field(0.5, ge=0)
    """Wait in seconds before the first retry; it doubles with each retry, unless the server requests another wait."""
    concurrency: int = Field(64, ge=1, le=10_000)
    """Maximum number of simultaneous calls. A run begins with one, adds one with each answer, and halves their number
    when the server is overloaded."""
    requests_per_minute: float | None = Field(None, gt=0)
    """Maximum number of calls per minute."""
    tokens_per_minute: float | None = Field(None, gt=0)
    """Maximum number of tokens per minute, questions and answers together."""
    budget: Budget = Budget()
    """Spending limits of the run."""
    prices: Prices | None = None
    """Prices of tokens, for cost estimates, call logs and budgets in US dollars."""
    on_failure: Literal["retry", "previous", "rule", "stop"] = "retry"
    """If a reply cannot be parsed, ``retry``: repeat the question with the error and, if that fails, the previous
    action; ``previous``: repeat the previous action; ``rule``: use the fallback rule; ``stop``: stop the run."""
    retries_with_error: int = Field(1, ge=0, le=10)
    """How often ``retry`` repeats a question."""
    on_overflow: Literal["shorten", "stop"] = "shorten"
    """If a question exceeds the context of the model, ``shorten``: leave out the older half of its history until it
    fits, and count such questions; ``stop``: stop the run."""
    failure_share: float = Field(0.2, ge=0, le=1)
    """Maximum share of failed questions of each purpose; a run that exceeds it stops."""
    models: dict[str, NamedModel] = Field(default_factory=dict)
    """Further models by name, which an agent or a planner selects with its parameter ``llm``, such as ``small`` and
    ``strong``."""
    transcript: bool = True
    """Keep a transcript of all questions and replies in the run's folder, for ``econsim transcript``."""
    simulated: str = ""
    """Description of a scripted model that replaces a real one, for reports; empty for a real model, and for an
    endpoint that names its scripted model itself."""

    @property
    def is_scripted(self) -> bool:
        """Whether the model is a simulated one that comes with econsim, which reads the facts of a question."""
        return bool(self.simulated) or self.model.startswith(_SCRIPTED)

    def named(self, name: str) -> Settings:
        """Return the settings of a model of ``models``; with an empty name, those of the section ``llm`` itself.

        Raises:
            UserError: there is no such model.
        """
        if not name:
            return self
        if name not in self.models:
            listed = f"llm.models has {', '.join(self.models)}" if self.models else "llm.models is empty"
            raise UserError(f"llm={name}: no such model; {listed}{did_you_mean(name, self.models)}")
        own = self.models[name]
        given = {key: value for key, value in own if key in own.model_fields_set and value is not None}
        inherited = {key: value for key, value in self if key not in ("models", "budget")}
        return Settings.model_validate({**inherited, **given})

    @field_validator("models")
    @classmethod
    def _names_are_words(cls, value: dict[str, NamedModel]) -> dict[str, NamedModel]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r}: expected a name of letters, digits, - and _")
        return value

    @field_validator("api_key_env")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        # The message does not repeat the value: it may be a key that was pasted here by mistake.
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
                "must not contain a user, a password or a query; put the key into the environment variable that"
                " api_key_env names"
            )
        # A host in other letters can look like a known one, and users type hosts to allow keys to be sent there.
        if not _HOST.fullmatch(parts.netloc):
            raise ValueError("the host must be in ASCII letters; write an international name in its xn-- form")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _models_are_valid(self) -> Self:
        for name in self.models:
            try:
                self.named(name)
            except ValidationError as error:
                problem = error.errors()[0]
                where = ".".join(map(str, ("models", name, *problem["loc"])))
                raise ValueError(f"{where}: {problem['msg'].removeprefix('Value error, ')}") from error
        return self

    @model_validator(mode="after")
    def _money_needs_prices(self) -> Self:
        if self.budget.usd is not None and self.prices is None and self.provider == "openai_compatible":
            raise ValueError("budget.usd needs prices.input_per_million and prices.output_per_million")
        return self
