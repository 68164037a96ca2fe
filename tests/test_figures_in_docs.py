"""Figures in the README, the documentation and the change log are those of the committed results of benchmarks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def result(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))["result"]
    return content


def two_level() -> dict[str, str]:
    found = result("two_level")
    low, high = found["seven_brackets"]["gap_closed_95_percent_interval"]
    shares = {name: f"{100 * found[f'{name}_brackets']['gap_closed_mean']:.1f} %" for name in ("three", "seven")}
    return {**shares, "low": f"{100 * low:.1f}", "high": f"{100 * high:.1f}"}


def overhead() -> dict[str, str]:
    found = result("llm_overhead")
    named = {name.split()[0]: found[name]["cpu_milliseconds_a_call"] for name in found}
    digits = {"recording": 2, "strict": 2, "litellm": 1, "openai": 1}
    return {name: f"{named[name]:.{count}f}" for name, count in digits.items()}


def transcripts() -> dict[str, str]:
    found = result("llm_transcript")
    assert found["cpu_milliseconds_a_call"] < 0.1
    kilobytes = {"stored": found["bytes_a_call"] / 1000, "said": found["characters_a_call"] / 1000}
    milliseconds = {"milliseconds": f"{found['cpu_milliseconds_a_call']:.2f}"}
    return {**milliseconds, **{name: f"{size:.1f}" for name, size in kilobytes.items()}}


def adaptive() -> dict[str, str]:
    found = result("adaptive_choice")
    return {name: f"{100 * found[name]['coverage']:.1f} %" for name in ("held_out", "naive")}


def speed() -> dict[str, str]:
    found = result("gather_trade_build_speed")
    figures = {"growth_in_workers": f"{found['growth']['exponent_in_workers']:.2f}"}
    figures |= {"growth_in_copies": f"{found['growth']['exponent_in_copies']['100']:.2f}"}
    spreads = []
    for workers in (4, 10, 100):
        row = found[f"workers_{workers}"]
        rates: dict[str, float] = {}
        for name, system in row["systems"].items():
            kind, rate = "_".join(name.split()[:2]), system["env_steps_per_cpu_second"]
            rates[kind] = max(rate, rates.get(kind, 0.0))
            spreads.append(max(system["rounds"]) / min(system["rounds"]))
        figures |= {f"{name}_{workers}": f"{float(f'{rate:.3g}'):,.0f}" for name, rate in rates.items()}
        figures |= {f"{name}_{workers}": f"{size:,}" for name, size in row["bytes_a_copy"].items()}
        for kind in ("kernels", "tensors") if "foundation" in rates else ():
            ratio = rates[f"econsim_{kind}"] / rates["foundation"]
            figures[f"ratio_{kind}_{workers}"] = f"{float(f'{ratio:.2g}'):.0f}"
    return {**figures, "spread": f"{max(spreads):.1f}"}


def kernel_parity() -> dict[str, str]:
    found = result("kernel_parity")
    assert all(row["whole_numbers_that_differ"] == 0 for row in found.values())
    largest = {name: max(row["largest_difference"].values()) for name, row in found.items()}
    return {
        "economies": str(found["float32"]["economies"]),
        "steps": f"{found['float32']['env_steps']:,}",
        **{name: f"{value:.0e}".replace("e-0", "e-") for name, value in largest.items()},
    }


def coin_game_speed() -> dict[str, str]:
    found = result("coin_game_speed")
    played, learned = found["random_play"]["env_steps_per_cpu_second"], found["training"]
    millions = {name: f"{played[name] / 1e6:.1f}" for name in ("kernels", "tensors")}
    return {**millions, **{name: f"{round(learned[name], -3):,}" for name in learned}}


def money_exchange_speed() -> dict[str, str]:
    found = [row["agent_steps_per_cpu_second"] for row in result("money_exchange_speed").values()]
    return {
        f"{name}_{size}": f"{row[name] / 1e6:.{2 if name == 'mesa' else 0}f}"
        for size, row in zip(("small", "large"), found, strict=True)
        for name in ("kernels", "tensors", "mesa")
    }


def networks() -> dict[str, str]:
    found = result("networks")
    names = ("small_world", "scale_free", "stochastic_block", "homophilous", "households", "worker_firm")
    peers = {f"nx_{name}": f"{found[name]['networkx_a_tenth_of_the_people']:.1f}" for name in names[:2]}
    return {name: f"{found[name]['cpu_seconds']:.1f}" for name in names} | peers


def coin_game() -> dict[str, str]:
    found = result("coin_game")
    figures = {}
    for part in ("selfish", "team", "planner"):
        share, reward = found[part]["own_colour_share"], found[part]["reward_per_step"]
        figures |= {f"{part}_share": f"{100 * share['mean']:.0f} %", f"{part}_reward": f"{reward['mean']:.3f}"}
        figures[f"{part}_seeds"] = str(share["seeds"])
    low, high = found["planner"]["more_reward_than_selfish"]["interval"]
    return {
        **figures,
        "fine": f"{-found['planner']['payment']['mean']:.1f}",
        "low": f"{low:.2f}",
        "high": f"{high:.2f}",
    }


def four_rooms() -> dict[str, str]:
    found = result("four_rooms")
    names = ("planner", "player", "discounted_visits")
    rows = {payment: " | ".join(f"{row[name]:.3f}" for name in names) for payment, row in found["by_payment"].items()}
    shown = "".join(
        f" | {payment} | {rows[payment]} |" for payment in ("0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "1")
    )
    return {"best": f"{found['best_payment']:g}", "rows": shown.strip()}


def training() -> dict[str, str]:
    found = result("training_speed")
    return {name: f"{round(found[name]['env_steps_per_second'], -2):,}" for name in ("compact", "published")}


def price_cap() -> dict[str, str]:
    capped, free = result("gather_trade_build_price_cap"), result("gather_trade_build_two_level")
    scores = {
        name: {label: row["equality_times_productivity"] for label, row in found["policies"].items()}
        for name, found in (("capped", capped), ("free", free))
    }
    shares = {name: f"{score['us_federal'] / score['free_market']:.0%}" for name, score in scores.items()}
    published = f"{free['published']['us_federal'] / free['published']['free_market']:.0%}"
    return {
        **{name: share.replace("%", " %") for name, share in (*shares.items(), ("published", published))},
        **{f"score_{label}": f"{score:,.0f}" for label, score in scores["capped"].items()},
        "units": f"{capped['division_of_labour']['free_market']['units_traded']:.0f}",
        "bought": f"{-free['division_of_labour']['free_market']['net_units_sold'][-1]:.0f}",
        "equality": f"{capped['policies']['free_market']['equality']:.3f}",
    }


def paired() -> dict[str, str]:
    found = {name: row["welfare"] for name, row in result("paired_errors")["times_smaller"].items()}
    names = {
        "elasticity": "elasticity 0.4 to 0.3 under federal taxes",
        "flat": "federal taxes to flat 30 %",
        "none": "no taxes to flat 30 %",
    }
    return {short: f"{found[name]:.0f}".replace("2", "twice") for short, name in names.items()}


def archetypes() -> dict[str, str]:
    return {"seconds": f"{result('llm_archetypes')['cpu_seconds_a_step']:.1f}"}


def prompts() -> dict[str, str]:
    return {"plain": f"{result('llm_prompts')['plain']['ms_per_worker_and_step']:.2f}"}


def savers() -> dict[str, str]:
    found = result("aiyagari")
    timed = [entry for entry in found["speed"].values() if isinstance(entry, dict)]
    seconds, ratios = [entry["econsim"]["seconds"] for entry in timed], [entry["ratio"] for entry in timed]
    pairs = [(entry["econsim"], entry["sequence_jacobian"]) for entry in timed]
    jacobians = [own["jacobian_seconds_warm"] for own, _ in pairs]
    faster = [peer["jacobian_seconds_warm"] / own["jacobian_seconds_warm"] for own, peer in pairs]
    responses = [zip(own["response"], peer["response"], strict=True) for own, peer in pairs]
    assert max(abs(one / other - 1) for pair in responses for one, other in pair) < 2e-4
    table = found["table"]
    return {
        "jacobian": f"{min(jacobians):.2f} to {max(jacobians):.2f}",
        "jacobian_ratio": f"{min(faster):.1f} to {max(faster):.1f}",
        "mean": f"{table['mean_error']:.2f}",
        "largest": f"{table['largest_error']:.2f}",
        "fast": f"{min(seconds):.2f}",
        "slow": f"{max(seconds):.2f}",
        "least": f"{min(ratios):.0f}",
        "most": f"{max(ratios):.0f}",
    }


def capital_tax() -> dict[str, str]:
    found = result("capital_tax_reform")
    figures = {
        f"{name}_{key}": f"{100 * entry[key]:.1f}"
        for name, entry in found.items()
        for key in ("gain", "winners", "steady_state_gain")
    }
    assert figures["surprise_steady_state_gain"] == figures["announced_5_steady_state_gain"]
    return figures


def krusell_smith() -> dict[str, str]:
    found = result("krusell_smith")
    figures = {
        f"{times}_{name}": f"{value:.3f}"
        for times in ("good", "bad")
        for name, value in zip("ab", found[times], strict=True)
    }
    return figures | {
        "explained": f"{min(found['explained']):.6f}",
        "error": f"{100 * found['forecast_error']:.2f}",
        "seconds": f"{found['cpu_seconds']:.0f}",
        "gini": f"{found['gini']:.2f}",
    }


def mean_field() -> dict[str, str]:
    found = result("mean_field")
    learned, best = found["two_level_1"], found["exact"]
    return {
        "seconds": f"{learned['cpu_seconds']:.0f}",
        "gain": f"{100 * learned['gain_from_best_response']['mean']:.2f}",
        "unreformed": f"{100 * learned['gain_at_status_quo']['mean']:.2f}",
        "points": f"{100 * abs(learned['interest_at_status_quo']):.2f}",
        "assets": f"{100 * abs(learned['assets_at_status_quo']):.1f}",
        "learned": f"{100 * learned['under_exact']['gain_in_consumption']:+.1f}",
        "best": f"{100 * best['under_exact']['gain_in_consumption']:+.1f}",
    }


def agreement() -> dict[str, str]:
    found = result("reference_agreement")
    assert found["episodes_that_agree"] == found["episodes_compared"]
    return {"episodes": str(found["episodes_that_agree"])}


def trained_responses() -> dict[str, str]:
    found = result("trained_responses")
    (missed,) = [row for row in found["gains"] if not row["within"]]
    share = f"{100 * missed['trained'] / missed['exact']:.0f} %"
    return {"within": str(found["exact_gain_within_interval"]), "cases": str(found["cases"]), "share": share}


def coverage() -> dict[str, str]:
    rows: dict[str, str] = {}
    for shape, by_size in result("interval_coverage")["coverage"].items():
        for method in ("student", "default"):
            shares = " | ".join(f"{100 * entry[method]:.0f} %" for entry in by_size.values())
            rows[f"{shape.split(',')[0]}_{method}"] = shares
    return rows


SENTENCES = (
    (
        "docs/kernels.md",
        kernel_parity,
        "{economies} random economies ({steps} environment steps) in both precisions: no whole number differs, and"
        " other numbers by at most {float32} and {float64}",
    ),
    (
        "docs/training.md",
        price_cap,
        "federal law reaches {score_us_federal} and no taxes {score_free_market}: {capped} instead of {free}, where the"
        " published ratio is {published}",
    ),
    (
        "docs/training.md",
        price_cap,
        "fewer units are traded ({units} instead of {bought} bought by the most skilled worker), equality without taxes"
        " falls to {equality}, and Saez's formula ends at {score_saez}",
    ),
    (
        "README.md",
        two_level,
        "the learned planner closes {seven} of the welfare gap between the free market and the searched optimum (95 %"
        " interval {low} to {high})",
    ),
    (
        "README.md",
        speed,
        "with map and auctions: on one core, compiled [kernels](docs/kernels.md) play it {ratio_kernels_4} times as"
        " fast as the original, tensors {ratio_tensors_4} times",
    ),
    (
        "docs/coming_from/ai_economist.md",
        speed,
        "makes {ratio_tensors_4} times as many steps per CPU-second with four workers on tensors, and {ratio_kernels_4}"
        " times as many on kernels",
    ),
    ("docs/leaders.md", two_level, "two-level training closes {seven} and {three} in one to two CPU minutes"),
    ("CHANGELOG.md", two_level, "closes {three} of the welfare gap with three brackets and {seven} with seven"),
    (
        "docs/certificate.md",
        trained_responses,
        "within the 95 % interval of the trained one in {within} of {cases} cases (pairs of PPO policies after 60"
        " iterations, deviations trained for 60; `benchmarks/results/trained_responses.json`). In the remaining case"
        " training found {share} of it",
    ),
    ("docs/sweeps.md", adaptive, "held-out intervals cover the truth in {held_out}, the naive ones in {naive}"),
    (
        "docs/language_models.md",
        overhead,
        "One call takes {recording} ms of CPU time in econsim at 64 concurrent calls, including store and ledger, and"
        " {strict} ms in a replay; litellm takes {litellm} ms and the openai client {openai} ms",
    ),
    (
        "docs/language_models.md",
        transcripts,
        "questions of {said} kB with 50 steps of history take {stored} kB each, and {milliseconds} ms of CPU time",
    ),
    (
        "docs/economies/gather_trade_build.md",
        speed,
        "on which rounds of one system differ by up to a factor of {spread}",
    ),
    (
        "docs/economies/gather_trade_build.md",
        speed,
        "| 4 | {econsim_kernels_4} | {econsim_tensors_4} | {foundation_4} | {ratio_kernels_4} | {econojax_published_4}"
        " and {econojax_own_4} | {state_4} and {observations_4} |"
        " | 10 | {econsim_kernels_10} | {econsim_tensors_10} | {foundation_10} | {ratio_kernels_10} |"
        " {econojax_published_10} and {econojax_own_10} | {state_10} and {observations_10} |"
        " | 100 | {econsim_kernels_100} | {econsim_tensors_100} | not run | | not run | {state_100} and"
        " {observations_100} |",
    ),
    (
        "docs/economies/gather_trade_build.md",
        speed,
        "Cost grows a little less than in proportion to workers (exponent {growth_in_workers} from 4 to 100) and to"
        " copies ({growth_in_copies} from 16 to 4,096 with 100 workers)",
    ),
    (
        "docs/economies/bewley.md",
        savers,
        "all 24 cells of Aiyagari's Table II, with errors of {mean} percentage points on average and {largest} at most."
        " An equilibrium with 500 grid points and 7 states takes {fast} to {slow} CPU-seconds, {least} to {most} times"
        " less than sequence-jacobian takes in the same run (on a busy machine). The response of capital"
        " to productivity over 300 periods takes {jacobian}, {jacobian_ratio} times less, and agrees with it within"
        " 0.02 %",
    ),
    (
        "docs/economies/bewley.md",
        capital_tax,
        "The reform is worth {announced_5_gain} % of consumption to a household that does not know its state, and"
        " {announced_5_winners} % of households gain; without the announcement it is {surprise_gain} % and"
        " {surprise_winners} %. The comparison of steady states gives {surprise_steady_state_gain} % in both cases",
    ),
    (
        "docs/economies/bewley.md",
        krusell_smith,
        "log K' = {good_a} + {good_b} log K in good times (published: 0.095 and 0.962) and {bad_a} + {bad_b} log K in"
        " bad ones (0.085 and 0.965), an R squared of at least {explained} (0.999998) and a wealth Gini of {gini}"
        " (0.25). The largest error of a forecast over all periods is {error} %, in {seconds} CPU-seconds",
    ),
    (
        "docs/economies/bewley.md",
        mean_field,
        "With the budget of the scenario and one seed, {seconds} CPU-seconds, a best response would add {gain} % of"
        " consumption for a household under the learned policy, and {unreformed} % under the status quo, where the"
        " interest rate differs by {points} percentage points and assets by {assets} % from the exact equilibrium after"
        " 50 years. Under exact households the learned policy changes welfare by {learned} % of consumption, and the"
        " best constant policy of the exact search by {best} %",
    ),
    (
        "docs/economies/coin_game.md",
        coin_game_speed,
        "With 1,024 copies on one core, kernels play {kernels} million environment steps per CPU-second, observations"
        " included, and tensors {tensors} million. PPO on kernels plays and learns from {two_passes} with the settings"
        " of the scenario, and from {one_pass} with one pass over each batch and one hidden layer",
    ),
    (
        "docs/economies/money_exchange.md",
        money_exchange_speed,
        "they play {kernels_small} million agent-steps per CPU-second among 100,000 people and {kernels_large} million"
        " among a million, where tensors play {tensors_small} and {tensors_large} million, and Mesa {mesa_small} and"
        " {mesa_large} million in the same run",
    ),
    (
        "docs/networks.md",
        networks,
        "it takes {small_world} CPU-seconds (small world), {scale_free} (scale-free), {stochastic_block} (stochastic"
        " blocks), {homophilous} (homophilous), {households} (households) and {worker_firm} (workers and firms);"
        " networkx takes {nx_small_world} and {nx_scale_free} for a tenth of the people in the first two",
    ),
    (
        "docs/economies/coin_game.md",
        coin_game,
        "Selfish players take {selfish_share} of their coins in their own colour and earn {selfish_reward} a step"
        " ({selfish_seeds} training seeds); a team {team_share} and {team_reward} ({team_seeds}); players under a"
        " learned fine, of {fine} on average, {planner_share} and {planner_reward} ({planner_seeds}). In the same"
        " episodes, they earn more than selfish players of the same seeds, with a 95 % interval of {low} to {high}",
    ),
    ("docs/economies/four_rooms.md", four_rooms, "the best payment, in hundredths, is {best}"),
    ("docs/economies/four_rooms.md", four_rooms, "{rows}"),
    ("docs/economies/gather_trade_build.md", agreement, "agrees step by step in {episodes} complete episodes"),
    (
        "docs/training.md",
        training,
        "A compact network trains at {compact} environment steps per second on two cores, the published recurrent one"
        " at {published}",
    ),
    (
        "docs/counterfactuals.md",
        paired,
        "errors are {elasticity} times smaller when the elasticity falls from 0.4 to 0.3 under federal taxes, {flat}"
        " times for federal taxes against a flat 30 %, and {none} for no taxes against a flat 30 %",
    ),
    ("docs/llm_agents.md", archetypes, "for a million workers econsim itself takes {seconds} s of CPU time per step"),
    ("docs/llm_agents.md", prompts, "{plain} ms of CPU per worker and step at 50 remembered steps"),
    (
        "docs/metrics.md",
        coverage,
        "| Student's t | {lognormal_student} | | | default | {lognormal_default} |"
        " | exponential | Student's t | {exponential_student} | | | default | {exponential_default} |"
        " | normal | Student's t | {normal_student} | | | default | {normal_default} |",
    ),
)


@pytest.mark.parametrize(("page", "figures", "sentence"), SENTENCES)
def test_a_page_states_the_figures_of_the_results(
    page: str, figures: Callable[[], dict[str, str]], sentence: str
) -> None:
    text = " ".join((ROOT / page).read_text("utf-8").split())
    assert sentence.format(**figures()) in text


def methods() -> dict[str, dict[str, Any]]:
    found = result("leader_methods")
    return {name: found[f"{name}_brackets"]["methods"] for name in ("seven", "three")}


@pytest.mark.parametrize(
    ("row", "method"),
    [
        ("CMA-ES, polished or not", "search_cma_es"),
        ("CMA-ES, polished or not", "search_both"),
        ("coordinate search", "search_coordinate"),
        ("soft choices, drawn on the grid", "soft_drawn"),
        ("soft choices, averaged, hours continuous", "soft"),
        ("Bayesian search, 150 candidates per fit", "search_bayesian"),
        ("unrolled", "unrolled"),
        ("Saez's formula at the midpoints of brackets (`method: kernel`)", "saez"),
        ("Saez's formula for the rates of brackets (the default)", "saez_brackets"),
        ("implicit", "implicit"),
        ("two-level training", "two_level"),
        ("simultaneous PPO", "ppo_simultaneous"),
    ],
)
def test_the_table_of_leader_methods_states_the_results(row: str, method: str) -> None:
    page = (ROOT / "docs" / "leaders.md").read_text("utf-8")
    (cells,) = [line.split(" | ")[1:] for line in page.splitlines() if line.startswith(f"| {row} | ")]
    for cell, by_method in zip(cells, methods().values(), strict=True):
        found = by_method[method]
        mean, least = (f"{100 * share:.1f}" for share in (found["gap_closed_mean"], min(found["gap_closed_by_seed"])))
        # A formula's share is the same under every seed, and stands alone.
        assert cell.rstrip(" |") in (f"{mean} % ({least})", f"{mean} %" if mean == least else None)
