"""Figures of the economies of saving and investment, as pages state them, from the committed results."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from stated_figures import result

from econsim.analysis.statistics import mean_interval


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
        "jacobian": f"{min(jacobians):.3f} to {max(jacobians):.3f}",
        "jacobian_ratio": f"{min(faster):.1f} to {max(faster):.1f}",
        "mean": f"{table['mean_error']:.2f}",
        "largest": f"{table['largest_error']:.2f}",
        "fast": f"{min(seconds):.2f}",
        "slow": f"{max(seconds):.2f}",
        "least": f"{min(ratios):.0f}",
        "most": f"{max(ratios):.0f}",
    }


def legacy_speed() -> dict[str, str]:
    sizes = {"thousand": "1 x 1000", "ten_thousand": "1 x 10000", "copies": "64 x 100"}
    by_version = result("legacy_taxai_speed").values()
    figures = {}
    for way, ending in (("", ""), ("_kernels", ", kernels")):
        for name, size in sizes.items():
            years = [each[size + ending] for each in by_version]
            figures[name + way] = f"{min(years):,} to {max(years):,}"
    return figures


def bewley_speed() -> dict[str, str]:
    found = result("bewley_speed")
    sizes = {"thousand": "1 x 1000", "ten_thousand": "1 x 10000", "copies": "1024 x 100"}
    rates = {
        f"{size}_{way}": each["steps_per_cpu_second"] for size, key in sizes.items() for way, each in ways(found[key])
    }
    assert rates["thousand_kernels"] >= 5000, "the pages call the targets met"
    assert rates["ten_thousand_kernels"] >= 800
    assert rates["copies_kernels"] >= 100_000
    figures = {name: f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}" for name, rate in rates.items()}
    for size in ("thousand", "ten_thousand"):
        figures[f"{size}_times"] = f"{rates[f'{size}_kernels'] / rates[f'{size}_TaxAI']:.0f}"
    return figures


def ways(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the ways to play that a row of speeds has, without its checksum."""
    return [(name, each) for name, each in found.items() if name != "checksum"]


def capital_tax() -> dict[str, str]:
    found = result("capital_tax_reform")
    figures = {
        f"{name}_{key}": f"{100 * entry[key]:.1f}"
        for name, entry in found.items()
        for key in ("gain", "winners", "steady_state_gain")
    }
    assert figures["surprise_steady_state_gain"] == figures["announced_5_steady_state_gain"]
    return figures


def pension_reform() -> dict[str, str]:
    found = result("pension_reform")
    before, after = found["before"], found["after"]
    path = found["path"]
    assert max(found["residuals"].values()) < 1e-8
    assert max(path["residuals"].values()) < 1e-7
    return {
        "winners": f"{100 * path['winners']:.0f}",
        "oldest": str(path["oldest_winner"]),
        "retiring": f"{-100 * path['gain_by_age']['65']:.0f}",
        "now": f"{100 * path['newborns'][0]:.1f}",
        "contribution": f"{100 * before['contribution']:.1f}",
        "capital": f"{100 * (after['capital'] / before['capital'] - 1):.1f}",
        "after": f"{100 * after['interest_rate']:.2f}",
        "before": f"{100 * before['interest_rate']:.2f}",
        "gain": f"{100 * found['gain']:.1f}",
    }


def generation_debt() -> dict[str, str]:
    found = result("generation_debt")
    for each in found.values():
        residuals = dict(each["residuals"])
        assert residuals.pop("Residual of the path, arrival") < 1e-6
        assert max(residuals.values()) < 1e-7
    debt, sudden, known = found["debt"], found["surprise"], found["announced"]
    assert debt["winners"] > 1 - 1e-9
    return {
        "owed": f"{100 * debt['after']['debt'] / debt['after']['output']:.0f}",
        "capital": f"{100 * (1 - debt['after']['capital'] / debt['before']['capital']):.1f}",
        "before": f"{100 * debt['before']['interest_rate']:.2f}",
        "after": f"{100 * debt['after']['interest_rate']:.2f}",
        "least": f"{floor(1000 * min(debt['gain_by_age'].values())) / 10:.1f}",
        "lost": f"{-100 * debt['newborns'][-1]:.1f}",
        "sudden": f"{100 * sudden['winners']:.0f}",
        "known": f"{100 * known['winners']:.0f}",
        "sudden_65": f"{-100 * sudden['gain_by_age']['65']:.1f}",
        "known_65": f"{-100 * known['gain_by_age']['65']:.1f}",
    }


def life_cycle_learned() -> dict[str, str]:
    found = result("life_cycle_learned")
    learned, exact = list(found["learned"].values()), found["exact"]
    assert max(exact["mean"], exact["largest"]) < 1.1e-6
    types = [name for name in exact["by_type"] if name.startswith("age")]
    by_age = [[row["by_type"][name] for name in types] for row in learned]
    assert max(row["mean"] for row in learned) < 0.01
    held = [100 * (row["assets"] / exact["assets"] - 1) for row in learned]
    return {
        "mean": " and ".join(f"{100 * row['mean']:.2f}" for row in learned),
        "least": f"{100 * min(map(min, by_age)):.1f}",
        "most": f"{100 * max(map(max, by_age)):.1f}",
        "assets": " and ".join(f"{each:+.1f}" for each in held),
        "seconds": f"{ceil(max(row['cpu_seconds'] for row in learned) / 10) * 10}",
    }


def aiyagari_learned() -> dict[str, str]:
    rows = list(result("aiyagari_learned").values())
    assert len(rows) == 3
    # The targets: 1 % of consumption, and 0.15 percentage points of the interest rate that clears.
    assert max(row["loss_at_exact_prices"] for row in rows) < 0.01
    assert max(abs(row["interest_rate"] - row["exact_interest_rate"]) for row in rows) < 0.0015

    def listed(values: list[str]) -> str:
        return f"{values[0]}, {values[1]} and {values[2]}"

    return {
        "loss": listed([f"{100 * row['loss_at_exact_prices']:.2f}" for row in rows]),
        "assets": listed([f"{100 * row['assets_at_exact_prices']:+.1f}" for row in rows]),
        "rates": listed([f"{100 * row['interest_rate']:.2f}" for row in rows]),
        "exact": f"{100 * rows[0]['exact_interest_rate']:.2f}",
        "seconds": f"{ceil(max(row['cpu_seconds'] for row in rows) / 10) * 10}",
    }


def huggett_life_cycle() -> dict[str, str]:
    found = result("huggett_life_cycle")
    return {
        "ratio": f"{found['capital_over_output']:.2f}",
        "gini": f"{found['gini']:.2f}",
        "top": f"{100 * found['top_1']:.1f}",
    }


def real_business_cycle() -> dict[str, str]:
    first, second = result("real_business_cycle")["runs"]
    gains = {gain["role"]: gain for gain in first["gains"]}
    income, corporate = gains["government"]["announcement"]
    assert income == 0
    assert all(2475 < run["mean_price"] <= 2500 for run in (first, second))  # the tolerance of the headline
    return {
        "hours": f"{first['mean_hours']:.0f}",
        "other_hours": f"{second['mean_hours']:.0f}",
        "low": f"{gains['consumer']['low']:.2f}",
        "high": f"{gains['consumer']['high']:.2f}",
        "corporate": f"{100 * corporate:.0f}",
        **{role: f"{100 * gain['relative']:.0f}" for role, gain in gains.items()},
    }


def monetary_shock() -> dict[str, str]:
    found = result("monetary_shock")
    ours, peer, distance = found["econsim"], found["sequence_jacobian"]["equal"], found["distance"]
    impact = f"{-100 * ours['exact']['output'][0]:.5f}"
    assert impact == f"{-100 * peer['exact']['output'][0]:.5f}"
    largest = {
        kind: max(value for name, value in distance.items() if name.startswith(kind)) for kind in ("exact", "linear")
    }
    return {
        "rate": f"{100 * ours['interest_rate']:.5f}",
        "output": f"{ours['output']:.5f}",
        "impact": impact,
        "single": f"{-100 * ours['representative']['output'][0]:.3f}",
        **{name: f"{ceil(1e4 * value) / 100:.2f}" for name, value in largest.items()},  # "no more than"
    }


def monetary_policy() -> dict[str, str]:
    found = result("monetary_policy")
    rules, by_seed = found["rules"], found["learned"]
    gains = {rule: each["gain_percent"] for rule, each in rules.items()}
    assert max(gains, key=gains.__getitem__) == "5, 5"
    learned = [each["learned"] for each in by_seed.values()]
    swings = [each["swing"] for each in learned]
    return {
        "default": f"{-rules['1.5, 0']['output_gap']:.2f}",
        "taylor": f"{-rules['1.5, 0.5']['output_gap']:.2f}",
        "strong": f"{-rules['5, 5']['output_gap']:.2f}",
        "gain": f"{gains['5, 5']:.3f}",
        "weak": f"{-gains['1.05, 0']:.3f}",
        "seeds": str(len(learned)),
        "least": f"{min(swings):.1f}",
        "most": f"{max(swings):.1f}",
        "exact": f"{max(each['exact']['swing'] for each in by_seed.values()):.1f}",
    }


def huggett() -> dict[str, str]:
    found = result("huggett")
    below = 100 * (0.99322**-6 - 1) - found["preset_of_a_year"]
    return {
        "year": f"{found['preset_of_a_year']:.2f}",
        "below": f"{below:.1f}",
        "converged": "{:.2f}, {:.2f}, {:.2f} and {:.2f}".format(*found["converged"]),
        **{name: ", ".join(f"{value:+.2f}" for value in values) for name, values in found["changes"].items()},
    }


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


def krusell_smith_in_play() -> dict[str, str]:
    found = result("krusell_smith_in_play")
    figures = {
        f"{times}_{name}": f"{value:.3f}"
        for times in ("good", "bad")
        for name, value in zip("ab", found[times], strict=True)
    }
    size = {"copies": str(found["copies"]), "periods": f"{found['periods']:,}"}
    return figures | size | {"explained": f"{min(found['explained']):.6f}"}


def _scheme_row(gains: list[float]) -> str:
    interval = mean_interval(gains)
    spread = "" if interval.low is None else f"{interval.low:.1f} to {interval.high:.1f}"
    return f"{sum(gains) / len(gains):.1f} | {spread}"


def mean_field() -> dict[str, str]:
    found = result("mean_field")
    seeds_of = found["two_level"]["budget_1"]
    seeds = seeds_of.values()
    gains = [100 * each["gain_from_best_response"]["mean"] for each in seeds]
    assets = [-100 * each["assets_at_status_quo"] for each in seeds]
    learned = [100 * each["under_exact"]["gain_in_consumption"] for each in seeds]
    optimum = 100 * found["exact"]["under_exact"]["gain_in_consumption"]
    assert list(found["schemes"]) == list(found["two_level"]["budget_1"]) == ["42", "43", "44", "45", "46"]
    by_seed = [{**each, "stackelberg": seeds_of[seed]} for seed, each in found["schemes"].items()]
    rows = {
        name: _scheme_row([100 * each[name]["under_exact"]["gain_in_consumption"] for each in by_seed])
        for name in by_seed[0]
    }
    of_ppo = [each["ai_economist"] for each in by_seed]
    lost = [100 * each["gain_from_best_response"]["mean"] for each in of_ppo]
    assert all(90 < each["cpu_seconds"] < 105 for each in of_ppo)  # "about 95 CPU-seconds a seed"
    four_times = found["return_below_four_times_the_budget"]
    more, under_exact = four_times["under_learned"], four_times["under_exact"]
    of_seeds = [share for name, share in more.items() if name != "means"]
    assert len(of_seeds) == 3
    return {
        "seconds": f"{max(each['cpu_seconds'] for each in seeds):.0f}",
        "least": f"{min(gains):.2f}",
        "most": f"{max(gains):.2f}",
        "nearest": f"{min(assets):.1f}",
        "farthest": f"{max(assets):.1f}",
        "worst": f"{min(learned):+.2f}",
        "best": f"{max(learned):+.2f}",
        "below": f"{optimum - max(learned):.2f} to {optimum - min(learned):.2f}",
        "more": f"{100 * more['means']:.1f}",
        "more_by_seed": f"{100 * min(of_seeds):+.1f} to {100 * max(of_seeds):+.1f}",
        "most_more": f"{100 * max(of_seeds):.1f}",
        "less_under_exact": f"{-100 * under_exact['means']:.1f}",
        "optimum": f"{optimum:+.2f}",
        "lost_by_ppo": f"{min(lost):.1f} to {max(lost):.1f}",
        "rows": " ".join(
            f"| `{name}` | {row} |".replace("|  |", "| |") for name, row in rows.items() if name != "status_quo"
        ),
    }


def aggregates() -> dict[str, str]:
    def between(values: list[float], form: str) -> str:
        return f"{min(values):{form}} to {max(values):{form}}"

    rows = {}
    for name, of_seeds in result("mean_field_aggregates").items():
        seeds = of_seeds.values()
        gains = [100 * each["gain_from_best_response"]["mean"] for each in seeds]
        assets = [100 * each["assets_at_status_quo"] for each in seeds]
        welfare = [100 * each["under_exact"]["gain_in_consumption"] for each in seeds]
        cells = between(gains, ".2f"), between(assets, "+.1f"), between(welfare, "+.2f")
        rows[name] = f"| `{name}` | {' | '.join(cells)} |"
    return rows


def legacy_parity() -> dict[str, str]:
    found = result("legacy_taxai")
    assert found["ends_that_differ"] == 0
    return {"years": f"{found['years_compared']:,}", "difference": f"{found['largest_difference']:.0e}"}


def legacy_rows() -> dict[str, str]:
    """Return the rows of the table of constant policies: survival, output, utility and returns, ours and theirs."""

    def cells(row: dict[str, Any]) -> str:
        shown = [row["version"], row["policy"]]
        systems = [row[name] for name in ("econsim", "program")]
        shown += [f"{100 * system['survived']:.0f} %" for system in systems]
        for name in ("output", "utility", "government_return"):
            shown += [f"{system[name]['mean']:.4g} ± {system[name]['error']:.1g}" for system in systems]
        return f"| {' | '.join(shown)} |"

    return {f"row_{number}": cells(row) for number, row in enumerate(result("legacy_taxai")["constants"])}


def consumer_finances() -> dict[str, str]:
    found = result("consumer_finances")
    assert found["fitted"] == found["weighted"] == found["published"]["assets"]
    shown = {}
    for name in ("weighted", "unweighted"):
        shown[f"{name}_mean"] = f"{found[name]['mean'] / 1e6:.3g}"
        shown[f"{name}_gini"] = f"{found[name]['gini']:.3f}"
    return {**shown, **{name: f"{found['fitted'][name]:.4f}" for name in ("gini", "top_tenth", "top_hundredth")}}
