"""Training time and accuracy of the tiny language model, on questions that are not in its training data.

Targets: about 120,000 parameters, less than 2 minutes on one core, and replies that are valid JSON. Its replies are
compared with those of the scripted model, which it is trained to imitate. Run:
``python benchmarks/train_tiny_model.py [FOLDER]``; the model is stored in FOLDER if given.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from _record import record

from econsim.llm.local_model import LocalModel
from econsim.llm.replies import Amount, Amounts, Form, OneOf
from econsim.testing.endpoints.tiny import Training, train
from econsim.testing.endpoints.tiny.exercises import Exercise, exercises

SEED = 999  # seed of the people and schedules in the questions, different from the seed of training
BATCH = 256
FORMS: dict[str, Form] = {
    "hours": Amount("hours", 0.0, 100.0, 0.5),
    "satisfaction": OneOf("satisfied", ("yes", "no")),
    "rates": Amounts("rates", 7, 0.0, 1.0, 0.05),
}


def replies(model: LocalModel, asked: list[Exercise]) -> list[str]:
    prompts = [model.prompt(exercise.messages, 0.0, 64, 0) for exercise in asked]
    batches = (prompts[start : start + BATCH] for start in range(0, len(prompts), BATCH))
    return [text for batch in batches for text, _ in model.replies(batch)]


def judged(model: LocalModel, purpose: str, asked: list[Exercise]) -> dict[str, Any]:
    began = time.process_time()
    said = replies(model, asked)
    seconds = time.process_time() - began
    readings = [FORMS[purpose].read(text) for text in said]
    right = [text == exercise.reply for text, exercise in zip(said, asked, strict=True)]
    found = {
        "questions": len(asked),
        "clean_share": sum(reading.outcome == "clean" for reading in readings) / len(asked),
        "same_as_scripted_share": sum(right) / len(asked),
        "replies_per_cpu_second": len(asked) / seconds,
    }
    if purpose == "hours":
        targets = [FORMS[purpose].read(exercise.reply).value for exercise in asked]
        pairs = [(a.value, b) for a, b in zip(readings, targets, strict=True) if a.value is not None]
        ours, theirs = np.array(pairs).T
        found["mean_absolute_error_hours"] = float(np.abs(ours - theirs).mean())
        found["correlation"] = float(np.corrcoef(ours, theirs)[0, 1])
    return {name: round(value, 3) for name, value in found.items()}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    began, cpu = time.perf_counter(), time.process_time()
    train(folder, Training(), lambda step, loss: print(f"step {step}: loss {loss:.3f}") if step % 50 == 0 else None)
    spent = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    model, asked = LocalModel(str(folder), "cpu"), exercises(SEED)
    by_purpose = {purpose: [item for item in asked if item.purpose == purpose][:BATCH] for purpose in FORMS}
    result = {
        "parameters": sum(weight.numel() for weight in model._model.parameters()),
        "bytes_on_disk": sum(path.stat().st_size for path in folder.iterdir()),
        **{name: round(value, 1) for name, value in spent.items()},
        **{purpose: judged(model, purpose, asked) for purpose, asked in by_purpose.items()},
    }
    record("train_tiny_model", result, Training().seed)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as temporary:
            main(Path(temporary))
