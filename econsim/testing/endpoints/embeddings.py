"""Simulated embeddings: the counts of the words of a text, each at a place that is a hash of the word."""

from __future__ import annotations

import hashlib
import re

__all__ = ["EMBEDDING_MODEL", "embedding"]

EMBEDDING_MODEL = "scripted-embeddings"
"""The name of the simulated embedding model."""
_SIZE = 256


def embedding(text: str) -> list[float]:
    """Return the vector ``[256]`` of a text: texts that share words have a positive cosine."""
    vector = [0.0] * _SIZE
    for word in re.findall(r"[\w.]+", text.casefold()):
        vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % _SIZE] += 1.0
    return vector
