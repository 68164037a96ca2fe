"""Model in a local folder, run with the library transformers, one batch of questions at a time.

The random draws depend on the seed of a question and the position of each token only, and not on the other questions of
the batch. The composition of a batch can change a reply only if rounding error decides between two tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.llm.failures import ContextExceeded

if TYPE_CHECKING:
    from transformers import GenerationConfig, LogitsProcessorList

__all__ = ["LocalModel", "Prompt"]

_LONGEST = 4096  # context length in tokens of models whose configuration does not give it
_ERROR = 300  # characters quoted from an error message of the library


@dataclass(frozen=True)
class Prompt:
    """A question as tokens, and how its reply is sampled."""

    tokens: tuple[int, ...]
    temperature: float
    max_tokens: int
    seed: int


class LocalModel:
    """A causal language model with its tokeniser."""

    def __init__(self, folder: str, device: str = "auto") -> None:
        """Load the model; nothing is downloaded.

        Args:
            folder: where the model was saved.
            device: a torch device, or ``auto``: a GPU if there is one, else the CPU.

        Raises:
            UserError: transformers is missing, or the folder contains no model that it can load.
        """
        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer
            from transformers.utils import logging
        except ImportError:
            raise UserError(
                'llm.provider: transformers is not installed; install it with: pip install "econsim[transformers]"'
            ) from None
        if not (Path(folder) / "config.json").is_file():
            raise UserError(f"llm.model: expected the folder of a model, found {folder!r}, which has no config.json")
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._tokeniser: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype="auto")
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise UserError(f"llm.model: {folder}: {' '.join(str(error).split())[:_ERROR]}") from None
        device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._model = model.to(device).eval()
        self._ends = _ends(self._model.generation_config.eos_token_id, self._tokeniser.eos_token_id)
        self._padding = self._tokeniser.pad_token_id if self._tokeniser.pad_token_id is not None else self._ends[0]

    def prompt(self, messages: Sequence[Mapping[str, str]], temperature: float, max_tokens: int, seed: int) -> Prompt:
        """Return the prompt that the chat template of the model builds from messages.

        Raises:
            ContextExceeded: the prompt is longer than the context of the model.
        """
        tokens = self._tokens(messages)
        longest = getattr(self._model.config, "max_position_embeddings", None) or _LONGEST
        if len(tokens) >= longest:
            raise ContextExceeded(
                f"the question has {len(tokens):,} tokens, but the context of the model has {longest:,}; shorten the"
                " agents' history, or choose another model"
            )
        return Prompt(tuple(tokens), temperature, min(max_tokens, longest - len(tokens)), seed)

    def replies(self, prompts: Sequence[Prompt]) -> list[tuple[str, int]]:
        """Return the text and the number of tokens of the reply to each prompt."""
        width = max(len(prompt.tokens) for prompt in prompts)
        rows = [[self._padding] * (width - len(prompt.tokens)) + [*prompt.tokens] for prompt in prompts]
        mask = [[0] * (width - len(prompt.tokens)) + [1] * len(prompt.tokens) for prompt in prompts]
        device = self._model.device
        with torch.inference_mode():
            written = self._model.generate(
                input_ids=torch.tensor(rows, device=device),
                attention_mask=torch.tensor(mask, device=device),
                generation_config=self._config(max(prompt.max_tokens for prompt in prompts)),
                logits_processor=_sampling(prompts, width, device),
            )
        new = written[:, width:].tolist()
        return [self._read(row[: prompt.max_tokens]) for row, prompt in zip(new, prompts, strict=True)]

    def _config(self, max_tokens: int) -> GenerationConfig:
        from transformers import GenerationConfig

        # econsim samples itself; the sampling settings of the folder (top-p and others) are ignored.
        return GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=False, max_new_tokens=max_tokens, eos_token_id=self._ends, pad_token_id=self._padding
        )

    def _tokens(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        if self._tokeniser.chat_template is None:
            text = "\n\n".join(message["content"] for message in messages) + "\n"
            plain: list[int] = self._tokeniser(text)["input_ids"]
            return plain
        from jinja2 import TemplateError

        try:
            text = self._templated(messages)
        except TemplateError:  # some models have no system role: its text becomes the beginning of the user message
            joined = "\n\n".join(message["content"] for message in messages)
            text = self._templated([{"role": "user", "content": joined}])
        tokens: list[int] = self._tokeniser(text, add_special_tokens=False)["input_ids"]
        return tokens

    def _templated(self, messages: Sequence[Mapping[str, str]]) -> str:
        text: str = self._tokeniser.apply_chat_template([*messages], add_generation_prompt=True, tokenize=False)
        return text

    def _read(self, row: list[int]) -> tuple[str, int]:
        ends = [position for position, token in enumerate(row) if token in self._ends]
        row = row[: ends[0] + 1] if ends else row
        return self._tokeniser.decode(row, skip_special_tokens=True), len(row)


def _ends(*configured: int | list[int] | None) -> list[int]:
    """Return the tokens that end a reply."""
    lists = [tokens if isinstance(tokens, list) else [tokens] for tokens in configured if tokens is not None]
    return list(dict.fromkeys(token for tokens in lists for token in tokens)) or [0]


def _sampling(prompts: Sequence[Prompt], width: int, device: torch.device) -> LogitsProcessorList:
    """Return a processor that adds Gumbel noise, scaled by each row's temperature, so that the argmax is a sample."""
    from transformers import LogitsProcessorList

    strength = torch.tensor([prompt.temperature for prompt in prompts], device=device)[:, None]
    if not bool(strength.any()):
        return LogitsProcessorList()
    seeds = torch.tensor([prompt.seed for prompt in prompts], device=device)

    def noisy(written: Tensor, scores: Tensor) -> Tensor:
        noise = random.gumbel(seeds, written.shape[1] - width, "llm/token", (scores.shape[1],))
        return scores.float() + strength * noise

    return LogitsProcessorList([noisy])
