from __future__ import annotations

import pytest

from econsim import kinds
from econsim.report.references import in_words, references_of


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            "@article{a, title={The {AI} Economist, again}, author={Zheng, S. and Trott, A.}, journal={S}, year=2022}",
            "Zheng, S.; Trott, A. (2022). The AI Economist, again. S.",
        ),
        (
            '@misc{b, author = "Internal Revenue Service", title = "Revenue\n Procedure", year = "2023"}',
            "Internal Revenue Service (2023). Revenue Procedure.",
        ),
        ("@misc{c, title={Undated}, url={https://example.org/a}}", "(no year). Undated. https://example.org/a."),
        ("@misc{d, title={Open", "(no year). Open."),
    ],
)
def test_entries_become_one_line(entry: str, words: str) -> None:
    assert in_words(entry) == words


def test_each_work_is_named_once() -> None:
    kind = kinds.load("planners", "saez")
    assert references_of([kind, kind]) == [
        "Saez, Emmanuel (2001). Using Elasticities to Derive Optimal Income Tax Rates. Review of Economic Studies."
    ]
