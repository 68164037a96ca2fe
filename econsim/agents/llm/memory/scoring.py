"""Scores of memories: recency, relevance and importance, and the lexical similarity of texts (Park et al. 2023)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from econsim.agents.llm.memory.parameters import Retrieval

__all__ = ["Moment", "best", "cosine", "novelty", "scaled", "tf_idf_similarities"]

_TERM = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[^\W\d]\w*")


class Moment(NamedTuple):
    """A memory of one player.

    ``step``: when it was made, from 1. ``used``: the last step in which it was in the prompt, at first ``step``.
    ``importance``: in [0, 1]. ``concludes``: it is a conclusion of a reflection, not an experience.
    """

    step: int
    text: str
    importance: float
    used: int
    concludes: bool = False


def best(now: int, moments: Sequence[Moment], relevance: Sequence[float], settings: Retrieval) -> list[int]:
    """Return the indices of the ``settings.count`` memories with the highest scores, best first, later ones on ties.

    Args:
        now: the current step.
        moments: the memories.
        relevance: the similarity of each to the current observation.
        settings: the weights.
    """
    recency = scaled([settings.decay ** (now - moment.used) for moment in moments])
    importance = scaled([moment.importance for moment in moments])
    scores = [
        settings.recency * recent + settings.relevance * relevant + settings.importance * important
        for recent, relevant, important in zip(recency, scaled(relevance), importance, strict=True)
    ]
    return sorted(range(len(moments)), key=lambda index: (-scores[index], -index))[: settings.count]


def scaled(values: Sequence[float]) -> list[float]:
    """Return values scaled linearly to [0, 1]; zeros where all are equal."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    return [(value - low) / (high - low) if high > low else 0.0 for value in values]


def tf_idf_similarities(query: str, texts: Sequence[str]) -> list[float]:
    """Return the cosines in [0, 1] between the TF-IDF vectors of a query and of texts.

    Terms are words, numbers, and pairs of adjacent ones. A term that occurs in d of n texts has the weight
    ln((1 + n) / (1 + d)) + 1, times its number of occurrences; terms of the query that no text has are left out.
    """
    counts = [_terms(text) for text in texts]
    frequency = Counter(term for terms in counts for term in terms)
    weight = {term: math.log((1 + len(texts)) / (1 + number)) + 1.0 for term, number in frequency.items()}
    asked = {term: number * weight[term] for term, number in _terms(query).items() if term in weight}
    return [_cosine(asked, {term: number * weight[term] for term, number in terms.items()}) for terms in counts]


def novelty(text: str, earlier: Sequence[str]) -> float:
    """Return one less the similarity of a text to the most similar earlier one; 1 where there is none."""
    return 1.0 - max(tf_idf_similarities(text, earlier), default=0.0)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two vectors; 0 where one of them is zero."""
    norm = math.hypot(*one) * math.hypot(*other)
    return math.fsum(a * b for a, b in zip(one, other, strict=True)) / norm if norm else 0.0


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    norm = math.hypot(*one.values()) * math.hypot(*other.values())
    shared = math.fsum(value * other[term] for term, value in one.items() if term in other)
    return min(shared / norm, 1.0) if norm else 0.0


@lru_cache(maxsize=65_536)
def _terms(text: str) -> Mapping[str, int]:
    words = _TERM.findall(text.casefold())
    return Counter([*words, *map(" ".join, pairwise(words))])
