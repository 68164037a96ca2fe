"""Figures and sentences of the page on the AI Economist's comparison of taxes, from the results of benchmarks."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from stated_figures import result

PLANNER = "gather_trade_build_compact"


def _tax_rows(found: Any) -> dict[str, str]:
    rows = {}
    for label, row in found["policies"].items():
        market, interval = found["division_of_labour"][label], row.get("interval")
        spread = f" ({interval[0]:,.0f} to {interval[1]:,.0f})" if interval else ""
        score = f"{row['equality_times_productivity']:,.0f}{spread}"
        parts = (f"{row['productivity']:,.0f}", f"{row['equality']:.3f}", score, f"{market['mean_price']:.2f}")
        rows[label] = " | ".join([*parts, f"{market['units_traded']:.0f}"])
    return rows


def long_untaxed_phase() -> dict[str, str]:
    found, slow = (result(f"gather_trade_build_{name}") for name in ("long_untaxed_phase", "slow_planner"))
    taxed = result("gather_trade_build_long_untaxed_phase_phases")["seed_42"]["taxed"]
    (of_slow,) = result("gather_trade_build_slow_planner_phases")["seed_42"]["taxed"].values()
    (slow_row,) = _tax_rows(slow).values()
    return {
        **_tax_rows(found),
        "slow_planner": slow_row,
        "most_planner": f"{max(taxed[PLANNER]['product_by_tenth']):,.0f}",
        "most_slow": f"{max(of_slow['product_by_tenth']):,.0f}",
        "saez_most": f"{max(taxed['saez']['product_by_tenth']):,.0f}",
        "saez_last": f"{taxed['saez']['product_by_tenth'][-1]:,.0f}",
    }


def _check_claims(found: Any, untaxed: Any) -> None:
    """Check what the page says about the four seeds in words."""
    ends = [untaxed[f"seed_{seed}"]["end"] for seed in found["seeds"]]
    scores = {label: row["by_seed"] for label, row in found["policies"].items()}
    by_volume = sorted(range(len(ends)), key=lambda seed: ends[seed]["units_traded"])
    thinnest = by_volume[:2]
    assert [found["seeds"][seed] for seed in thinnest] == [45, 44]
    for label, row in found["policies"].items():
        published = found["published"].get(label, found["published"]["planner"])
        low, high = row["interval"]
        assert low < published < high  # "the published figures lie within them"
        others = [score for seed, score in enumerate(scores[label]) if seed not in thinnest]
        assert max(scores[label][seed] for seed in thinnest) < min(others)  # "the lowest scores under every tax"
        if label != "us_federal":
            assert abs(sum(others) / len(others) / published - 1) <= 0.1  # "within 10 % of the published figures"
    ratios = [scores["us_federal"][seed] / scores["free_market"][seed] for seed in by_volume]
    assert ratios == sorted(ratios, reverse=True)  # "the thinner the market, the higher is federal law"
    assert min(ratios) > 1  # "above it in every seed"
    assert min(end["mean_price"] for end in ends) < 3.57 < max(end["mean_price"] for end in ends)  # "on both sides"
    for name in ("equality", "productivity"):
        outcomes = [ends[seed][name] for seed in by_volume]
        assert max(outcomes[:2]) < min(outcomes[2:])  # "thin markets have less of both"
    assert abs(found["policies"]["us_federal"]["equality_times_productivity"] / 1261 - 1) <= 0.1


def comparison() -> dict[str, str]:
    found = result("gather_trade_build_same_rates")
    untaxed = result("gather_trade_build_long_untaxed_phase_phases")
    taxed = result("gather_trade_build_same_rates_phases")
    means = {label: row["equality_times_productivity"] for label, row in found["policies"].items()}
    off = {}
    for label, mean in means.items():
        published = found["published"].get(label, found["published"]["planner"])
        off[label] = f"{100 * abs(mean / published - 1):.0f} %"
    _check_claims(found, untaxed)
    (rest, last) = taxed["seed_42"]["taxed"]["saez"]["product_by_tenth"][-2:]
    assert rest == last
    by_seed, elasticities, prices, leads = {}, [], [], []
    volumes = [untaxed[f"seed_{seed}"]["end"]["units_traded"] for seed in found["seeds"]]
    for index, seed in enumerate(found["seeds"]):
        end = untaxed[f"seed_{seed}"]["end"]
        scores = {label: row["by_seed"][index] for label, row in found["policies"].items()}
        leads.append(100 * (scores[PLANNER] / scores["saez"] - 1))
        prices.append(end["mean_price"])
        elasticities.append(taxed[f"seed_{seed}"]["taxed"]["saez"]["last_elasticity"])
        cells = [
            f"{end['mean_price']:.2f}, {end['units_traded']:.0f}",
            *(f"{score:,.0f}" for score in scores.values()),
            f"{leads[-1]:.0f} %",
            f"{100 * scores['us_federal'] / scores['free_market']:.0f} %",
            f"{elasticities[-1]:.2f}",
        ]
        by_seed[f"seed_{seed}"] = " | ".join(cells)
    by_volume = sorted(range(len(volumes)), key=volumes.__getitem__)
    estimates = [elasticities[seed] for seed in by_volume]
    assert estimates == sorted(estimates, reverse=True)  # "the thinner the market, ... the higher is the elasticity"
    return {
        **_tax_rows(found),
        **by_seed,
        **{
            f"{name}_44_{what}": f"{of(taxed['seed_44']['taxed'][label]['product_by_tenth']):,.0f}"
            for name, label in (("saez", "saez"), ("planner", PLANNER))
            for what, of in (("most", max), ("least", min), ("last", itemgetter(-1)))
        },
        "with_entropy": f"{taxed['seed_42']['taxed'][PLANNER]['product_by_tenth'][-1]:,.0f}",
        "rest": f"{rest:,.0f}",
        **{f"off_{label}": share for label, share in off.items()},
        "least_lead": f"{min(leads):.0f}",
        "most_lead": f"{max(leads):.0f} %",
        "lead": f"{100 * (means[PLANNER] / means['saez'] - 1):.0f} %",
        "ratio": f"{100 * means['us_federal'] / means['free_market']:.0f} %",
        "least_volume": f"{min(volumes):.0f}",
        "most_volume": f"{max(volumes):.0f}",
        "least_price": f"{min(prices):.2f}",
        "most_price": f"{max(prices):.2f}",
    }


def gated() -> dict[str, str]:
    """Means over the seeds whose untaxed workers trade as many units as the gate asks for."""
    found = result("gather_trade_build_same_rates")
    untaxed = result("gather_trade_build_long_untaxed_phase_phases")
    passed = [untaxed[f"seed_{seed}"]["end"]["units_traded"] >= 220 for seed in found["seeds"]]
    assert sum(passed) == 3
    means = {
        label: sum(score for score, counts in zip(row["by_seed"], passed, strict=True) if counts) / 3
        for label, row in found["policies"].items()
    }
    published = {**found["published"], PLANNER: found["published"]["planner"]}
    off = [f"{100 * (mean / published[label] - 1):+.0f} %" for label, mean in means.items()]
    return {
        **{label: f"{mean:,.0f}" for label, mean in means.items()},
        "off": f"{off[0]}, {off[1]}, {off[2]} and {off[3]}",
        "lead": f"{100 * (means[PLANNER] / means['saez'] - 1):.0f} %",
    }


def elasticities() -> dict[str, str]:
    given, found = (result(f"gather_trade_build_{name}") for name in ("elasticities", "same_rates"))
    second = found["seeds"].index(43)
    of_seed = {label: row["by_seed"][second] for label, row in found["policies"].items()}
    scores = {label: row["equality_times_productivity"] for label, row in given["policies"].items()}
    best = max(scores, key=scores.__getitem__)
    lower = [scores[f"elasticity_{number}"] for number in (1, 2, 4)]
    assert min(lower) > of_seed["saez"]  # "worse than constants of 1 to 4"
    assert scores["elasticity_8"] < of_seed["saez"]
    estimate = result("gather_trade_build_same_rates_phases")["seed_43"]["taxed"]["saez"]["last_elasticity"]
    return {
        **_tax_rows(given),
        "estimate": f"{estimate:.2f}",
        "estimated": f"{of_seed['saez']:,.0f}",
        "best": best.removeprefix("elasticity_"),
        "below": f"{100 * (1 - scores[best] / of_seed[PLANNER]):.0f} %",
        "planner": f"{of_seed[PLANNER]:,.0f}",
    }


def felt_taxes() -> dict[str, str]:
    collected, accrued = (result(f"gather_trade_build_{name}") for name in ("same_rates", "as_accrued"))
    federal = result("gather_trade_build_federal_as_accrued")
    (felt_at_once,) = federal["division_of_labour"].values()

    def by_seed(found: Any, label: str) -> dict[int, float]:
        row = found["policies"][label]
        return dict(zip(row.get("seeds", found["seeds"]), row["by_seed"], strict=True))

    free = by_seed(collected, "free_market")
    rows = {
        f"{label}_{seed}": f"{free[seed]:,.0f} | {by_seed(collected, label)[seed]:,.0f} | {score:,.0f}"
        for found, label in ((federal, "us_federal"), (accrued, "saez"), (accrued, PLANNER))
        for seed, score in by_seed(found, label).items()
    }
    over_free, at_once = {}, {}
    for label in ("saez", PLANNER):
        before, now = by_seed(collected, label), by_seed(accrued, label)
        assert list(now) == [42, 43, 44]
        is_lower = [now[seed] < before[seed] for seed in now]
        assert is_lower == [True, True, label == PLANNER]  # "in each seed", and "in two"
        untaxed, at_once[label] = sum(free[seed] for seed in now), sum(now.values())
        for when, score in (("late", before), ("now", now)):
            share = 100 * (sum(score[seed] for seed in now) / untaxed - 1)
            over_free[f"{label}_{when}"] = f"{abs(share):.0f} % {'above' if share > 0 else 'below'}"
    builders = (collected["division_of_labour"][label]["builder"] for label in ("free_market", "us_federal"))
    free_builder, taxed = builders
    course = result("gather_trade_build_as_accrued_phases")["seed_43"]["taxed"][PLANNER]
    return {
        **rows,
        **over_free,
        "below_formula": f"{100 * (1 - at_once[PLANNER] / at_once['saez']):.0f} %",
        "planner_best": f"{max(course['product_by_tenth']):,.0f}",
        "off": f"{100 * abs(free_builder['gain_untaxed'] / free_builder['cost'] - 1):.0f}",
        "rate": f"{100 * taxed['marginal_rate']:.0f}",
        "felt": f"{100 * taxed['felt']:.0f}",
        "felt_at_once": f"{100 * felt_at_once['builder']['felt']:.0f}",
    }


def short_schedule() -> dict[str, str]:
    found = result("gather_trade_build_short_schedule")
    (theory,) = result("gather_trade_build_saez_long_run")["policies"].values()
    rows = {
        label: f"{row['productivity']:,.0f} | {row['equality']:.3f} | {row['equality_times_productivity']:,.0f}"
        for label, row in {**found["policies"], "saez_theory": theory}.items()
    }
    share = found["division_of_labour"]["free_market"]["share_of_houses_by_highest_skill"]
    return {**rows, "share": f"{100 * share:.0f} %"}


def certificates_by_rank() -> dict[str, str]:
    rows = {}
    for name in ("gather_trade_build_long_untaxed_phase", "gather_trade_build_same_rates"):
        found = result(name)
        for finding in found["certificate"]:
            ranks = [max(0.0, rank["difference"]) / rank["own"] for rank in finding["ranks"]]
            row = " | ".join(f"{100 * share:.1f} %" for share in (finding["relative"], *ranks))
            rows[f"{finding['policy']}_{finding['seed']}"] = row
    return rows


def published_incomes() -> dict[str, str]:
    found = result("published_incomes")
    changes = found["change_under_federal_law"]
    for law in found["by_law"].values():
        own = law["econsim"]
        assert abs(own["coin_of_builder"] / own["true_coin_of_builder"] - 1) < 0.03  # "within 3 %"
    names = {"published": "theirs", "econsim": "ours"}
    return {
        f"{names[source]}_{who}": f"{-100 * changes[source][who]:.0f}" for source in names for who in changes[source]
    }


def price_cap() -> dict[str, str]:
    capped, free = result("gather_trade_build_price_cap"), result("gather_trade_build_short_schedule")
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


SENTENCES = (
    (
        comparison,
        "- The planner is {lead} above Saez's formula in the mean, 16 % in the paper, and {least_lead} to "
        "{most_lead} above it in each seed.",
    ),
    (
        comparison,
        "with them these means are {off_free_market}, {off_saez} and {off_gather_trade_build_compact} below the "
        "published figures; that of federal law is {off_us_federal} above.",
    ),
    (
        comparison,
        "workers trade from {least_volume} to {most_volume} units at prices from {least_price} to {most_price} coin. "
        "The two seeds with the thinnest markets have the lowest scores under every tax, and the intervals of the "
        "means are wide. - Federal law is better than no taxes in every seed, where the paper finds both about equal.",
    ),
    (
        comparison,
        "| free market | {free_market} | 1,278 |",
    ),
    (
        comparison,
        "| US federal | {us_federal} | 1,261 |",
    ),
    (
        comparison,
        "| Saez's formula, elasticity estimated | {saez} | 1,435 |",
    ),
    (
        comparison,
        "| planner | {gather_trade_build_compact} | 1,664 |",
    ),
    (
        comparison,
        "| 42 | {seed_42} |",
    ),
    (
        comparison,
        "| 43 | {seed_43} |",
    ),
    (
        comparison,
        "| 44 | {seed_44} |",
    ),
    (
        comparison,
        "| 45 | {seed_45} |",
    ),
    (
        comparison,
        "**The planner leads the formula in every seed, by {lead} in the mean, as published.** The formula's "
        "elasticity is the one that it estimates.",
    ),
    (
        comparison,
        "Federal law is at {ratio} of the free market in the mean, and above it in every seed.",
    ),
    (
        comparison,
        "by tenths of its phase, the formula's score goes from {saez_44_most} down to {saez_44_least} and "
        "ends at {saez_44_last}, the planner's rises to {planner_44_most} and ends at {planner_44_last}: 10.2"
        " million steps do not bring workers and taxes to rest.",
    ),
    (
        short_schedule,
        "| free market | {free_market} | 1,278 |",
    ),
    (
        short_schedule,
        "| US federal | {us_federal} | 1,261 |",
    ),
    (
        short_schedule,
        "| Saez's formula, elasticity estimated | {saez} | 1,435 |",
    ),
    (
        short_schedule,
        "| Saez's formula, elasticity 4.35 | {saez_theory} | |",
    ),
    (
        short_schedule,
        "| planner | {gather_trade_build_compact} | 1,664 |",
    ),
    (
        short_schedule,
        "the most skilled worker builds {share} of the houses, and all others sell to it, at 4.0 coin per unit.",
    ),
    (
        long_untaxed_phase,
        "| free market | {free_market} | 1,278 |",
    ),
    (
        long_untaxed_phase,
        "| US federal | {us_federal} | 1,261 |",
    ),
    (
        long_untaxed_phase,
        "| Saez's formula, elasticity estimated | {saez} | 1,435 |",
    ),
    (
        long_untaxed_phase,
        "| planner, no weight of entropy | {gather_trade_build_compact} | 1,664 |",
    ),
    (
        long_untaxed_phase,
        "| planner, rates of the comparison, no weight of entropy | {slow_planner} | 1,664 |",
    ),
    (
        long_untaxed_phase,
        "The first planner reaches {most_planner} in training, while workers have not adapted to its taxes, "
        "and then falls.",
    ),
    (
        long_untaxed_phase,
        "At the published ratio of rates, a third of the workers', it reaches {most_slow} and falls as well.",
    ),
    (
        comparison,
        "the last tenth of training has {with_entropy}.",
    ),
    (
        long_untaxed_phase,
        "By tenths of its phase, the formula's score in training falls from {saez_most} to {saez_last} in the"
        " third row;",
    ),
    (
        comparison,
        "in the comparison, where workers learn faster at first, it rests at {rest} in the last two.",
    ),
    (
        price_cap,
        "federal law reaches {score_us_federal} and no taxes {score_free_market}: {capped} instead of {free}, where the"
        " published ratio is {published}.",
    ),
    (
        price_cap,
        "With the cap fewer units are traded ({units} instead of {bought} bought by the most skilled worker),"
        " equality without taxes falls to {equality}, and Saez's formula ends at {score_saez}.",
    ),
    (
        felt_taxes,
        "| US federal, 43 | {us_federal_43} |"
        " | Saez's formula, elasticity estimated, 42 | {saez_42} |"
        " | Saez's formula, elasticity estimated, 43 | {saez_43} |"
        " | Saez's formula, elasticity estimated, 44 | {saez_44} |"
        " | planner, 42 | {gather_trade_build_compact_42} |"
        " | planner, 43 | {gather_trade_build_compact_43} |"
        " | planner, 44 | {gather_trade_build_compact_44} |",
    ),
    (
        felt_taxes,
        "in the mean of three seeds the formula is {saez_late} the free market where taxes are collected every 100"
        " steps, and {saez_now} it where they are felt at once; the planner {gather_trade_build_compact_late} and"
        " {gather_trade_build_compact_now}, {below_formula} below the formula. The planner is lower in each seed, the"
        " formula in two. With seed 43 the planner reaches {planner_best} in a tenth of its phase,",
    ),
    (
        elasticities,
        "| 1 | {elasticity_1} | | 2 | {elasticity_2} | | estimated, {estimate} at the end | | | {estimated} | | |"
        " | 4 | {elasticity_4} | | 8 | {elasticity_8} |",
    ),
    (
        elasticities,
        "With an elasticity of {best} the formula is {below} below the planner ({planner}).",
    ),
    (
        gated,
        "Their means are {free_market} for the free market, {us_federal} for federal law, {saez} for the formula and "
        "{gather_trade_build_compact} for the planner: {off} beside the published figures, the planner {lead} above"
        " the formula.",
    ),
    (
        felt_taxes,
        "Without taxes both differ by {off} % in the mean of four seeds, which is much beside a marginal rate of"
        " {rate} % under federal law.",
    ),
    (
        felt_taxes,
        "There the builder works as if it felt {felt} % of its marginal tax, and with seed 43 {felt_at_once} % where "
        "taxes are felt at once.",
    ),
    (
        comparison,
        "Federal law reaches {ratio} of the free market in the mean of the comparison, where the short "
        "schedule has 79 % and the published figures 99 %.",
    ),
    (
        published_incomes,
        "The published builder earns {theirs_builder} % less under federal law than untaxed, and the others "
        "earn {theirs_others} % less, although their marginal rate is 12 % at most;",
    ),
    (
        published_incomes,
        "here the builder earns {ours_builder} % less, and the others {ours_others} % (means of four seeds).",
    ),
    (
        certificates_by_rank,
        "| US federal, seed 42, constant rate of learning | {us_federal_42} |",
    ),
    (
        certificates_by_rank,
        "| Saez's formula, seed 42, constant rate of learning | {saez_42} |",
    ),
    (
        certificates_by_rank,
        "| US federal, seed 43 | {us_federal_43} |",
    ),
    (
        certificates_by_rank,
        "| Saez's formula, seed 43 | {saez_43} |",
    ),
    (
        certificates_by_rank,
        "| planner, seed 43 | {gather_trade_build_compact_43} |",
    ),
)
"""What the page states: a function of figures, and a sentence with their names."""
