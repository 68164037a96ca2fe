"""Summary of a run as plain data: for each policy its tax schedule, metrics by response, seeds and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from statistics import fmean
from typing import Any, cast

import numpy as np

from econsim.accounts import Metric
from econsim.analysis.inequality import Floats
from econsim.analysis.metrics import GAP, declared
from econsim.analysis.welfare import share_of_gap_closed
from econsim.errors import UserError
from econsim.game import Game
from econsim.runs.baseline import baseline_of
from econsim.runs.metric_columns import main_metric
from econsim.runs.ranking import ranking
from econsim.runs.score_intervals import intervals, paired_differences
from econsim.runs.scoring import Score
from econsim.scenario import Headline, Scenario
from econsim.scenario.changes import description_of, headline_changes
from econsim.scenario.plan import Plan

__all__ = ["gap_closed", "headline_check", "headline_verdict", "schedule_of", "summarise"]


_MOST_NAMED = 4  # changed keys in a sentence
Schedule = tuple[Sequence[float], Sequence[float]]


def schedule_of(policy: Mapping[str, Any]) -> Schedule | None:
    """Return thresholds and marginal rates of a policy of a summary; ``None`` if it sets no tax schedule."""
    return (policy["thresholds"], policy["rates"]) if policy.get("rates") and policy.get("thresholds") else None


def gap_closed(scores: Sequence[Score], scenario: Scenario) -> tuple[list[Score], list[str]]:
    """Return the scores with ``gap_closed`` among their metrics, and the reasons where it is not defined.

    All responses are measured on the same scale, given by the floor and the ceiling under the first response.
    """
    evaluation = scenario.evaluation
    if evaluation is None or evaluation.floor is None or evaluation.ceiling is None:
        return list(scores), []
    floor, ceiling = (_welfare(scores, label) for label in (evaluation.floor, evaluation.ceiling))
    if floor is None or ceiling is None:
        return list(scores), []
    try:
        for score in scores:
            score.metrics[GAP.name] = float(share_of_gap_closed(score.metrics["welfare"], floor, ceiling))
            by_episode = _gap_by_episode(scores, score, evaluation.floor, evaluation.ceiling)
            score.by_episode.update({} if by_episode is None else {GAP.name: by_episode})
    except UserError as error:
        return list(scores), [str(error)]
    return list(scores), []


def _gap_by_episode(scores: Sequence[Score], score: Score, floor: str, ceiling: str) -> Floats | None:
    r"""Return the linearised share of the gap closed in each episode, ``[E]``, whose mean is the share closed.

    With welfare $w_e$, $f_e$ and $c_e$ of a policy, the floor and the ceiling in episode $e$, and $g$ the ratio of
    means, it is $g + (w_e - f_e - g (c_e - f_e)) / (\bar c - \bar f)$: the delta method, which pairs the episodes.
    """
    own = score.by_episode.get("welfare")
    ends = [_welfare_by_episode(scores, label) for label in (floor, ceiling)]
    if own is None or any(end is None or end.shape != own.shape for end in ends):
        return None
    low, high = cast(list[Floats], ends)
    gap = float(np.mean(high - low))
    share = float(np.mean(own - low)) / gap
    return np.asarray(share + (own - low - share * (high - low)) / gap)


def _welfare_by_episode(scores: Sequence[Score], label: str) -> Floats | None:
    """Return the welfare of a policy in each episode under the first response, ``[E]``, its mean over seeds."""
    own = [score for score in scores if score.policy == label and score.response == scores[0].response]
    values = [score.by_episode["welfare"] for score in own if "welfare" in score.by_episode]
    return np.mean(values, axis=0) if values else None


def summarise(plan: Plan, scores: Sequence[Score], warnings: Iterable[str]) -> dict[str, Any]:
    """Return the content of ``summary.json``."""
    scenario, game = plan.scenario, plan.game
    labels = list(dict.fromkeys(score.policy for score in scores))
    by_label = {label: [score for score in scores if score.policy == label] for label in labels}
    evaluation, baseline = scenario.evaluation, baseline_of(plan, scores)
    summary: dict[str, Any] = {
        "scenario": scenario.name,
        "description": description_of(scenario),
        "unit": game.unit,
        "seed": scenario.seed,
        "responses": [response.label for response in plan.responses],
        "workers": {response.label: {"short": response.short, "words": response.words} for response in plan.responses},
        "metrics": _declarations(game, scores),
        "evaluation": None if evaluation is None else evaluation.model_dump(mode="json"),
        "baseline": baseline,
        "policies": {label: _policy(own, by_label.get(baseline or "", [])) for label, own in by_label.items()},
        "warnings": list(warnings),
    }
    if (metric := main_metric(summary)) is not None:
        first = {label: _by_response(own).get(summary["responses"][0], []) for label, own in by_label.items()}
        summary["ranking"] = ranking(first, metric.name)
    summary["headline"] = headline_check(scenario, summary)
    return summary


def _declarations(game: Game[Any], scores: Sequence[Score]) -> dict[str, dict[str, str]]:
    """Return title, unit, format and visibility of each measured metric; the gap closed follows welfare."""
    measured = {name for score in scores for name in score.metrics}
    metrics: list[Metric] = []
    for metric in declared(game).values():
        gap = replace(GAP, definition=metric.definition)
        metrics += [metric, gap] if metric.name == "welfare" else [metric]
    plain = {metric.name: asdict(metric) for metric in metrics if metric.name in measured}
    return {
        name: {key: value for key, value in entry.items() if key != "name" and (key != "definition" or value)}
        for name, entry in plain.items()
    }


def headline_check(scenario: Scenario, summary: dict[str, Any]) -> dict[str, Any] | None:
    """Compare the scenario's headline value with the value of the run; return ``None`` if it has no headline.

    ``metric`` is ``policy.metric`` or ``policy.response.metric``, or a metric of the last policy. The tolerance is a
    share of the expected value (absolute if that is zero).
    ``not_applicable`` is the reason why the run says nothing about the headline, whose settings are not those of the
    run, or whose policy or metric it lacks; it is empty where the headline applies, and where the value agrees.
    """
    headline = scenario.headline
    if headline is None:
        return None
    *policy, metric = headline.metric.split(".")
    response = policy[1] if len(policy) > 1 else summary["responses"][0]
    label = policy[0] if policy else list(summary["policies"])[-1]
    value = summary["policies"].get(label, {}).get(response, {}).get(metric)
    allowed = headline.tolerance * (abs(headline.value) or 1.0)
    passed = value is not None and abs(value - headline.value) <= allowed
    compared = {"response": response, "value": value, "expected": headline.value, "passed": passed}
    reason = "" if passed else _other_settings(scenario, headline)
    if value is None and not reason:
        reason = f"the run has no {metric} of {label}" if label in summary["policies"] else f"it has no policy {label}"
    return {**headline.model_dump(mode="json"), **compared, "not_applicable": reason}


def headline_verdict(check: Mapping[str, Any]) -> str:
    """Return the result of :func:`headline_check` in words."""
    if check["passed"]:
        return "reproduced"
    reason = check.get("not_applicable")
    return f"not applicable, since {reason}" if reason else "NOT reproduced"


def _other_settings(scenario: Scenario, headline: Headline) -> str:
    changed = headline_changes(scenario)
    if changed:
        named, others = changed[:_MOST_NAMED], len(changed[_MOST_NAMED:])
        words = [*named, f"{others} other {'key' if others == 1 else 'keys'}"] if others else named
        start = f"{', '.join(words[:-1])} and " if words[1:] else ""
        return f"{start}{words[-1]} {'were' if len(changed) > 1 else 'was'} changed"
    if headline.inherited_from:
        return f"it is known for {headline.inherited_from}, which {scenario.name} extends"
    return ""


def _welfare(scores: Sequence[Score], label: str) -> float | None:
    first = scores[0].response
    values = [s.metrics.get("welfare") for s in scores if s.policy == label and s.response == first]
    numbers = [value for value in values if value is not None]
    return fmean(numbers) if numbers else None


def _policy(scores: Sequence[Score], baseline: Sequence[Score]) -> dict[str, Any]:
    by_response, of_baseline = _by_response(scores), _by_response(baseline)
    compared = [response for response in by_response if response in of_baseline and scores[0] is not baseline[0]]
    first = next(iter(by_response.values()))
    return {
        **{name: _column_means([s.brackets[name] for s in first]) for name in first[0].brackets},
        **{response: _means(members) for response, members in by_response.items()},
        "intervals": _filled({response: intervals(members) for response, members in by_response.items()}),
        "differences": _filled(
            {response: paired_differences(by_response[response], of_baseline[response]) for response in compared}
        ),
        "seeds": {str(seed): _of_seed(scores, seed) for seed in sorted({s.seed for s in scores})},
    }


def _by_response(scores: Sequence[Score]) -> dict[str, list[Score]]:
    responses = dict.fromkeys(score.response for score in scores)
    return {response: [score for score in scores if score.response == response] for response in responses}


def _filled(by_response: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {response: entries for response, entries in by_response.items() if entries}


def _column_means(rows: Sequence[Sequence[float]]) -> list[float]:
    return [fmean(column) for column in zip(*rows, strict=True)]


def _means(scores: Sequence[Score]) -> dict[str, float]:
    return {name: fmean(score.metrics[name] for score in scores) for name in scores[0].metrics}


def _of_seed(scores: Sequence[Score], seed: int) -> dict[str, Any]:
    of_seed = [score for score in scores if score.seed == seed]
    return {**of_seed[0].brackets, **{score.response: score.metrics for score in of_seed}}
