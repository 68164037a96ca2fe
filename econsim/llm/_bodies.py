"""Bodies of HTTP responses, up to a largest size; compressed ones count with their size after decompression."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from econsim.llm.failures import TryAgain

if TYPE_CHECKING:
    import aiohttp

__all__ = ["LONGEST_BODY", "UNCOMPRESSED", "body_of", "check_size"]

LONGEST_BODY = 16 << 20
"""Bytes of the longest response that is read, far more than any answer."""
UNCOMPRESSED = {"Accept-Encoding": "identity"}
"""The header that asks for responses without compression, which saves nothing for texts of this length."""
_ZLIB = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def check_size(size: int) -> None:
    """Raise :class:`TryAgain` if a response of ``size`` bytes is longer than ``LONGEST_BODY``."""
    if size > LONGEST_BODY:
        raise TryAgain(f"the response is longer than {LONGEST_BODY >> 20} MiB")


async def body_of(response: aiohttp.ClientResponse) -> bytes:
    """Return the body of a response.

    Raises:
        TryAgain: it is longer than ``LONGEST_BODY``, or its compression is not valid or not known.
    """
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LONGEST_BODY:
            response.close()
        check_size(size)
    body = b"".join(parts)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    return body if encoding == "identity" else _decompressed(body, encoding)


def _decompressed(body: bytes, encoding: str) -> bytes:
    if encoding not in _ZLIB:
        raise TryAgain(f"the response is compressed ({encoding}), although no compression was requested")
    stream = zlib.decompressobj(_ZLIB[encoding])
    try:
        content = stream.decompress(body, LONGEST_BODY)
    except zlib.error:
        raise TryAgain(f"the compression of the response ({encoding}) is not valid") from None
    check_size(len(content) + len(stream.unconsumed_tail))
    return content
