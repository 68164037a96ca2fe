"""A model in a folder of this machine, through the library transformers: questions in, replies out, a batch at a time.

What is drawn is a function of a question's seed and of the place of each token, never of the other questions in a
batch; batches change a reply only where rounding decides between two tokens.
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
from econsim.llm.failures import EndpointError

if TYPE_CHECKING:
    from transformers import GenerationConfig, LogitsProcessorList

__all__ = ["LocalModel", "Prompt"]

_LONGEST = 4096  # tokens that a model reads that does not say
_ERROR = 300  # characters of a library's message


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
        """Load it; nothing is downloaded.

        Args:
            folder: where the model was saved.
            device: ``auto``: a GPU where there is one.

        Raises:
            UserError: transformers is missing, or the folder holds no model that it can load.
        """
        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer
            from transformers.utils import logging
        except ImportError:
            raise UserError(
                'llm.provider=transformers needs that library; install it with: pip install "econsim[transformers]"'
            ) from None
        if not (Path(folder) / "config.json").is_file():
            raise UserError(f"llm.model: {folder!r} is no folder of a model (it has no config.json)")
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
        """Return the prompt that chat messages become by the model's own template.

        Raises:
            EndpointError: they are longer than the model reads.
        """
        tokens = self._tokens(messages)
        longest = getattr(self._model.config, "max_position_embeddings", None) or _LONGEST
        if len(tokens) >= longest:
            raise EndpointError(
                f"the question has {len(tokens):,} tokens and the model reads {longest:,}: shorten the agents' history,"
                " or choose another model"
            )
        return Prompt(tuple(tokens), temperature, min(max_tokens, longest - len(tokens)), seed)

    def replies(self, prompts: Sequence[Prompt]) -> list[tuple[str, int]]:
        """Return text and number of tokens of the reply to each prompt."""
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

        # Sampling is ours; the folder's own settings for it (top-p and others) are left aside.
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
        except TemplateError:  # some models know no system: the user says it first
            together = "\n\n".join(message["content"] for message in messages)
            text = self._templated([{"role": "user", "content": together}])
        tokens: list[int] = self._tokeniser(text, add_special_tokens=False)["input_ids"]
        return tokens

    def _templated(self, messages: Sequence[Mapping[str, str]]) -> str:
        text: str = self._tokeniser.apply_chat_template([*messages], add_generation_prompt=True, tokenize=False)
        return text

    def _read(self, row: list[int]) -> tuple[str, int]:
        ends = [place for place, token in enumerate(row) if token in self._ends]
        row = row[: ends[0] + 1] if ends else row
        return self._tokeniser.decode(row, skip_special_tokens=True), len(row)


def _ends(*known: int | list[int] | None) -> list[int]:
    """Return the tokens that end a reply."""
    found = [each if isinstance(each, list) else [each] for each in known if each is not None]
    return list(dict.fromkeys(token for each in found for token in each)) or [0]


def _sampling(prompts: Sequence[Prompt], width: int, device: torch.device) -> LogitsProcessorList:
    """Return what makes the likeliest token a draw: Gumbel noise as strong as the temperature, row by row."""
    from transformers import LogitsProcessorList

    strength = torch.tensor([prompt.temperature for prompt in prompts], device=device)[:, None]
    if not bool(strength.any()):
        return LogitsProcessorList()
    seeds = torch.tensor([prompt.seed for prompt in prompts], device=device)

    def noisy(written: Tensor, scores: Tensor) -> Tensor:
        noise = random.gumbel(seeds, written.shape[1] - width, "llm/token", (scores.shape[1],))
        return scores.float() + strength * noise

    return LogitsProcessorList([noisy])
