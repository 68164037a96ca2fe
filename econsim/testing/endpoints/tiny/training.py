"""Training of the tiny model: a Llama-type language model with about 120,000 parameters, trained in about a minute."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.testing.endpoints.tiny.exercises import Exercise, exercises
from econsim.testing.endpoints.tiny.reading import tokeniser

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["Training", "train"]

_IGNORED = -100  # label of tokens that do not enter the loss
_WARM_UP = 0.05  # share of all steps
_SHARES = {"hours": 0.5, "rates": 0.25, "satisfaction": 0.25}  # shares of each batch


@dataclass(frozen=True)
class Training:
    """Training settings of the tiny model; the defaults take about a minute on one core."""

    seed: int = 0
    steps: int = 300
    batch: int = 64
    copies: int = 96
    learning_rate: float = 4e-3


def train(folder: Path, training: Training | None = None, progress: Callable[[int, float], None] | None = None) -> None:
    """Train the model and save it to ``folder``, from which ``llm.provider: transformers`` can load it.

    The same seed gives the same model on the same machine. ``progress`` is called with step and loss.

    Raises:
        UserError: transformers is not installed.
    """
    training = training or Training()
    try:
        from transformers.utils import logging
    except ImportError:
        raise UserError(
            'the tiny model needs transformers; install it with: pip install "econsim[transformers]"'
        ) from None
    learned = exercises(training.seed, training.copies)
    key = random.fold(random.keys(training.seed, 1), "tiny")
    tokens = _tokeniser_for(learned)
    data = _Data(learned, tokens)
    model = _untrained(tokens, key)
    _fit(model, data, training, key, progress)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)


def _tokeniser_for(learned: Sequence[Exercise]) -> PreTrainedTokenizerFast:
    preliminary = tokeniser([exercise.reply for exercise in learned])  # used for its chat template only
    texts = [_prompt(preliminary, exercise) + exercise.reply for exercise in learned[:: max(1, len(learned) // 2000)]]
    return tokeniser(texts)


def _prompt(tokens: PreTrainedTokenizerFast, exercise: Exercise) -> str:
    messages = [dict(message) for message in exercise.messages]
    text = tokens.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return str(text)


class _Data:
    """Exercises as right-padded tokens ``[L, T]``, with labels for the replies only."""

    def __init__(self, learned: Sequence[Exercise], tokens: PreTrainedTokenizerFast) -> None:
        questions = tokens([_prompt(tokens, exercise) for exercise in learned])["input_ids"]
        replies = tokens([exercise.reply + str(tokens.eos_token) for exercise in learned])["input_ids"]
        pairs: list[tuple[list[int], list[int]]] = [*zip(questions, replies, strict=True)]
        width = max(len(question) + len(reply) for question, reply in pairs)
        self.tokens = torch.full((len(pairs), width), int(tokens.pad_token_id))
        self.labels = torch.full((len(pairs), width), _IGNORED)
        for row, (question, reply) in enumerate(pairs):
            end = len(question) + len(reply)
            self.tokens[row, :end] = torch.tensor(question + reply)
            self.labels[row, len(question) : end] = torch.tensor(reply)
        self._lengths = torch.tensor([len(question) + len(reply) for question, reply in pairs])
        purposes = [exercise.purpose for exercise in learned]
        self._rows = {
            share: torch.tensor([row for row, purpose in enumerate(purposes) if purpose == share]) for share in _SHARES
        }

    def batch(self, key: Tensor, step: int, size: int) -> tuple[Tensor, Tensor]:
        """Return tokens and labels ``[size, T]`` of a random batch with fixed shares of all purposes."""
        selections = [
            rows[random.integers(key, step, purpose, len(rows), (round(size * _SHARES[purpose]),))[0]]
            for purpose, rows in self._rows.items()
        ]
        rows = torch.cat(selections)
        width = int(self._lengths[rows].max())
        return self.tokens[rows, :width], self.labels[rows, :width]


def _untrained(tokens: PreTrainedTokenizerFast, key: Tensor) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=64,
        intermediate_size=172,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        model = LlamaForCausalLM(config)
    for name, weight in model.named_parameters():
        if weight.ndim == 2:
            weight.data = random.normal(key, 0, name, tuple(weight.shape))[0] / math.sqrt(weight.shape[1])
    return model


def _fit(
    model: Any, data: _Data, training: Training, key: Tensor, progress: Callable[[int, float], None] | None
) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=training.learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    speed = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _speed((step + 1) / training.steps))
    model.train()
    for step in range(training.steps):
        tokens, labels = data.batch(key, step, training.batch)
        loss = model(input_ids=tokens, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        speed.step()
        if progress is not None:
            progress(step, loss.item())
    model.eval()


def _speed(done: float) -> float:
    """Return the factor of the learning rate: a short linear warm-up, then cosine decay."""
    return min(done / _WARM_UP, 0.5 + 0.5 * math.cos(math.pi * min(done, 1.0)))
