"""How the tiny model reads: the last words of the facts, each cut to its first characters."""

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
"""The chat template: a model this small could not read a whole question."""


def tokeniser(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """Return a tokeniser made for texts: common pieces of words and numbers are one token."""
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
    made: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=pieces, eos_token=_END, pad_token=_PADDING
    )
    made.chat_template = TEMPLATE
    return made  # type: ignore[no-any-return]
