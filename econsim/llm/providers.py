"""Choice of the provider that the settings name."""

from __future__ import annotations

from econsim.errors import UserError
from econsim.llm.requests import Reply, Request
from econsim.llm.scheduling import Provider
from econsim.llm.settings import Settings

__all__ = ["provider_of"]


def provider_of(settings: Settings) -> Provider:
    """Return the provider that the settings name; its library is imported only here.

    Raises:
        UserError: the settings name no model or no address, or a required library is not installed.
    """
    if not settings.model:
        raise UserError(
            "llm: no language model is configured; give llm.model=NAME, and for a server also"
            " llm.base_url=http://localhost:8000/v1"
        )
    if settings.provider == "litellm":
        from econsim.llm.hosted import Hosted

        return Hosted(settings)
    if settings.provider == "transformers":
        return _InProcess(settings)
    from econsim.llm.endpoint import Endpoint

    return Endpoint(settings)


class _InProcess:
    """A model in this process as a provider."""

    def __init__(self, settings: Settings) -> None:
        from econsim.llm.in_process import InProcess

        self._model = InProcess(settings.model)

    async def complete(self, request: Request) -> Reply:
        """Return the answer of the model."""
        sampling = (request.temperature, request.max_tokens, request.seed)
        return Reply(*await self._model.complete(request.messages(), *sampling))

    async def check(self) -> None:
        """Do nothing: the model is loaded."""

    async def close(self) -> None:
        """Do nothing: there are no connections."""
