"""Hosts to which an API key may be sent: only those that the user names together with the key.

A scenario or a run folder names an environment variable and an address, but it may come from someone else. Its key is
therefore sent only if the user's own environment contains the pair, in ``ECONSIM_LLM_KEY_HOSTS``.
"""

from __future__ import annotations

import os
import re
import shlex
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from econsim.errors import UserError
from econsim.llm.secrets import Secret
from econsim.llm.settings import Settings

__all__ = ["PAIRS", "how_to_allow", "is_local", "key_in_words", "secret_of"]

PAIRS = "ECONSIM_LLM_KEY_HOSTS"
"""The environment variable with the allowed pairs ``VARIABLE@HOST``, separated by spaces or commas."""
_DEFAULT_PORTS = {"https": 443, "http": 80}


def secret_of(settings: Settings) -> Secret:
    """Return the key of the settings, which is empty if the variable is not set.

    It is also empty for a server on this machine that the user has not allowed to get it: most need no key.

    Raises:
        UserError: the user has not allowed the host to get the key; with litellm, which also reads keys itself, a pair
            is needed even if the variable is not set.
    """
    secret = Secret.named(settings.api_key_env)
    if _pair(settings) in re.split(r"[,\s]+", os.environ.get(PAIRS, "")):
        return secret
    if settings.provider == "litellm" or (secret and not is_local(settings.base_url)):
        without = "" if settings.provider == "litellm" else "; for a server without keys, set llm.api_key_env=NO_KEY"
        raise UserError(
            f"llm: the key in {settings.api_key_env} is sent to {_receiver(settings)} only if you allow this pair;"
            f" {how_to_allow(settings)}{without}"
        )
    return Secret("", settings.api_key_env)


def how_to_allow(settings: Settings) -> str:
    """Return the command with which a user allows the key of the settings to be sent to their host."""
    pairs = f"{os.environ.get(PAIRS, '')} {_pair(settings)}".strip()
    return f"to allow it, type: export {PAIRS}={shlex.quote(pairs)}"


def key_in_words(settings: Settings) -> str:
    """Return ``"the key in VARIABLE is sent to HOST"``, or an empty text if calls carry no key."""
    if settings.mode == "strict_replay" or settings.provider == "transformers":
        return ""
    if settings.provider == "openai_compatible" and not secret_of(settings):
        return ""
    return f"the key in {settings.api_key_env} is sent to {_receiver(settings)}"


@lru_cache(maxsize=64)
def is_local(url: str | None) -> bool:
    """Return whether an address is on this machine."""
    host = urlsplit(url or "").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pair(settings: Settings) -> str:
    return f"{settings.api_key_env}@{_receiver(settings)}"


def _receiver(settings: Settings) -> str:
    """Return the host that gets the key, with its port; without an address, the provider that litellm calls.

    It begins with ``http://`` if the key would be readable on the way.
    """
    if settings.base_url is None:
        provider, slash, name = settings.model.partition("/")
        if not slash or "://" in name:
            raise UserError(f"llm.model: litellm needs PROVIDER/NAME, such as anthropic/NAME; found {settings.model!r}")
        return provider
    parts = urlsplit(settings.base_url)
    host = parts.netloc.lower().removesuffix(f":{_DEFAULT_PORTS[parts.scheme]}")
    return host if parts.scheme == "https" or is_local(settings.base_url) else f"http://{host}"
