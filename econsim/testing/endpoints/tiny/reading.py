"""Input of the tiny model: the last words of the facts, each truncated to its first characters."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["TEMPLATE", "tokeniser"]

_WORDS = 30
_CHARACTERS = 6
_VOCABULARY = 400
_END, _PADDING = "<end>", "<pad>"

TEMPLATE = (
    "{%- set facts = (messages[-1]['content'].split('FACTS: ')[-1]).split('\n')[0] -%}"
    f"{{%- for word in facts.split()[-{_WORDS}:] -%}}{{{{ word[:{_CHARACTERS}] + ' ' }}}}{{%- endfor -%}}"
    "{{ '>' }}"
)
"""The chat template, which shortens questions, since a model of this size cannot process a whole question."""


def tokeniser(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """Return a byte-pair tokeniser trained on ``texts``."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    pieces: Any = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    letters = sorted(set(string.ascii_letters + string.digits + string.punctuation))
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY, special_tokens=[_PADDING, _END], initial_alphabet=letters, show_progress=False
    )
    pieces.train_from_iterator(texts, trainer)
    fast_tokeniser: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=pieces, eos_token=_END, pad_token=_PADDING
    )
    fast_tokeniser.chat_template = TEMPLATE
    return fast_tokeniser  # type: ignore[no-any-return]
