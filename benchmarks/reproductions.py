"""The page of reproductions, ``docs/reproductions.md``, made from ``benchmarks/results`` and the shipped scenarios.

For each published figure that the project touches: the claim, its source, the figure found here with seeds and
interval, the status, and the script that finds it. A status follows from the figures alone:

- reproduced: within the tolerance that the page states, on at least three seeds where it is learned;
- not reproduced: further away, on at least three seeds, or without any randomness;
- open: fewer seeds.

Run: ``python benchmarks/reproductions.py``. A test holds that the page is the one that the results give.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _record import RESULTS

from econsim.scenario import library, load

PAGE = Path(__file__).parents[1] / "docs" / "reproductions.md"
FEWEST_SEEDS = 3
ZHENG = "Zheng et al. 2020, Open-Quadrant, four workers"
TITLES = {"free_market": "without taxes", "us_federal": "US federal tax", "saez": "Saez's formula"}


@dataclass(frozen=True)
class Claim:
    """A published figure beside the one found here.

    Attributes:
        claim: what the figure is.
        source: who published it.
        published: the published figure, as text.
        found: the figure found here, as text, with its interval where there is one.
        close: whether it is within the tolerance.
        script: what finds it.
        seeds: training seeds; ``None`` where nothing is learned.
    """

    claim: str
    source: str
    published: str
    found: str
    close: bool
    script: str
    seeds: int | None = None

    @property
    def status(self) -> str:
        """``reproduced``, ``not reproduced`` or ``open``."""
        if self.seeds is not None and self.seeds < FEWEST_SEEDS:
            return "open"
        return "reproduced" if self.close else "not reproduced"


def result(name: str) -> dict[str, Any]:
    """Return the committed result of a benchmark."""
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))["result"]
    return content


def claims() -> Iterator[Claim]:
    """Yield every claim, with figures of the committed results."""
    yield from _tax_comparison("gather_trade_build_same_rates")
    yield from _tax_comparison("gather_trade_build_long_untaxed_phase", ", a planner that explores less")
    yield from _tax_comparison("gather_trade_build_short_schedule", ", shorter schedule")
    yield from _foundation()
    yield from _equilibria()
    yield from _saving()
    yield from _legacy()


def _tax_comparison(name: str, recipe: str = "") -> Iterator[Claim]:
    found = result(name)
    seeds, script = len(found["seeds"]), "gather_trade_build_two_level.py"
    scores = {label: row["equality_times_productivity"] for label, row in found["policies"].items()}
    for label, score in scores.items():
        published = found["published"].get(label, found["published"]["planner"])
        interval = found["policies"][label].get("interval")
        spread = f" ({interval[0]:,.0f} to {interval[1]:,.0f})" if interval else ""
        title = f"Equality times productivity, {TITLES.get(label, 'learned planner')}{recipe}"
        close = abs(score / published - 1) <= 0.1
        yield Claim(title, ZHENG, f"{published:,.0f}", f"{score:,.0f}{spread}", close, script, seeds)
    planner = next(label for label in scores if label not in TITLES)
    ratio, published = (
        scores[planner] / scores["saez"] - 1,
        found["published"]["planner"] / found["published"]["saez"] - 1,
    )
    title = f"Learned planner above Saez's formula, elasticity estimated{recipe}"
    yield Claim(
        title, ZHENG, f"+{published:.0%}", f"{ratio:+.0%}", ratio >= 0.1 and ratio <= 2 * published, script, seeds
    )
    share = found["division_of_labour"]["free_market"]["share_of_houses_by_highest_skill"]
    title = f"Houses built by the worker with the highest skill, without taxes{recipe}"
    yield Claim(title, ZHENG, "nearly all", f"{share:.0%}", share >= 0.8, script, seeds)


def _foundation() -> Iterator[Claim]:
    found = result("foundation_parity")["summary"]
    rows, agree = found["aligned_rows"], found["aligned_rows_that_agree"]
    numbers = f"{found['numbers_compared']:,} numbers"
    yield Claim(
        "Gather-Trade-Build plays as the published program does, step by step under the same actions",
        "ai-economist 1.7.1",
        f"{rows} comparisons",
        f"{agree} agree ({numbers})",
        rows == agree,
        "foundation_parity.py",
    )
    apart = len(found["beyond_two_errors_twice"])
    yield Claim(
        "Gather-Trade-Build plays so in distribution, under random actions",
        "ai-economist 1.7.1",
        f"{found['distribution_rows']} means",
        f"{apart} beyond two standard errors in both samples",
        apart == 0,
        "foundation_parity.py",
    )


def _equilibria() -> Iterator[Claim]:
    found = result("bimatrix_games")["enumeration"]["von Stengel 6x6: econsim"]["counts"][0]
    title = "All equilibria of von Stengel's 6 by 6 game"
    yield Claim(title, "von Stengel 1999", "75", str(found), found == 75, "bimatrix_games.py")
    value = result("extensive_form_games")["leduc linear program"]["value"]
    source, close = "Lanctot et al. 2019 (OpenSpiel)", abs(value + 0.0856) <= 0.5e-4
    yield Claim(
        "Value of Leduc poker for the first player", source, "-0.0856", f"{value:.4f}", close, "extensive_form_games.py"
    )
    fines = result("four_rooms_incentives")
    row = next(row for row in fines["rows"] if (row["temperature"], row["cost"]) == (0.003, 3))
    published, value = row["published_hpgd"], row["total_derivative_from_best_starts"]
    yield Claim(
        "Return of a leader who fines cells of the four rooms, temperature 0.003, cost 3",
        "Thoma et al. 2024, HPGD",
        f"{published:.2f}",
        f"{value:.2f}",
        abs(value / published - 1) <= 0.1,
        "four_rooms_incentives.py",
        fines["seeds"],
    )


def _saving() -> Iterator[Claim]:
    found = result("aiyagari")["table"]
    rates = [row["published"] for row in found["rows"]]
    mean, largest = found["mean_error"], found["largest_error"]
    yield Claim(
        f"Interest rates in {len(rates)} economies of savers with risky earnings",
        "Aiyagari 1994, Table II",
        f"{min(rates):.2f} % to {max(rates):.2f} %",
        f"{mean:.2f} percentage points apart on average, {largest:.2f} at most",
        mean <= 0.10 and largest <= 0.30,
        "aiyagari.py",
    )


def _legacy() -> Iterator[Claim]:
    found, script = result("legacy_taxai"), "legacy_taxai.py"
    years, largest, ends = (found[name] for name in ("years_compared", "largest_difference", "ends_that_differ"))
    programs = "programs of TaxAI (2023, 2024) and SMFG"
    yield Claim(
        "The legacy economies live a year as the published programs do, from the same state under the same actions",
        programs,
        f"{years} years",
        f"relative differences of at most {largest:.0e}, {ends} ends differ",
        largest <= 1e-5 and ends == 0,
        script,
    )
    rows = found["constants"]
    apart = [value for row in rows for value in row["errors_apart"].values()]
    yield Claim(
        f"Results of {len(rows)} constant policies in the legacy economies",
        programs,
        f"{len(apart)} means",
        f"{sum(value > 3 for value in apart)} beyond three standard errors",
        all(value <= 3 for value in apart),
        script,
    )
    corner = next(row for row in rows if row["version"] == "smfg")["econsim"]
    moderate = rows[2]["econsim"]
    learned, taxai = "Mi et al. 2024, SMFRL, 100 households", "Mi et al. 2023, HATRPO, 100 households"
    for what, source, published, value in (
        ("return of SMFG's learned government, at the corner", learned, 3450, corner["government_return"]),
        ("output per household under it, at the corner", learned, 1.32e13, corner["output"]),
        ("output per household of TaxAI's most durable learned policy", taxai, 1.7e7, moderate["output"]),
        ("sum of mean utility under it", taxai, 1945, moderate["utility"]),
    ):
        shown = f"{value['mean']:,.4g} (standard error {value['error']:,.2g})"
        reached = value["mean"] >= 0.9 * published
        yield Claim(f"A constant policy reaches the {what}", source, f"{published:,.4g}", shown, reached, script)


def headlines() -> Iterator[tuple[str, str, float, str]]:
    """Yield name, metric, value and source of the headline of each shipped scenario."""
    for name in library.names("scenarios"):
        headline = load(name).headline
        if headline is not None:
            yield name, headline.metric, headline.value, headline.source


def page() -> str:
    """Return the text of the page."""
    rows = [
        f"| {claim.claim} | {claim.source} | {claim.published} | {claim.found} "
        f"| {'' if claim.seeds is None else claim.seeds} | {claim.status} | `{claim.script}` |"
        for claim in claims()
    ]
    values = [f"| `{name}` | `{metric}` | {value:,g} | {source} |" for name, metric, value, source in headlines()]
    return TEXT.format(rows="\n".join(rows), headlines="\n".join(values), fewest=FEWEST_SEEDS)


TEXT = """# Reproductions

Published figures that this project touches, beside the figures found here. `python benchmarks/reproductions.py` makes
this page from the committed results, and a test holds that it is the one that they give.

A figure is *reproduced* where it is within 10 % of a learned published one, or equal to one that needs no learning;
*not reproduced* where it is further away; and *open* where it is learned and has fewer than {fewest} seeds. The
planner's lead over Saez's formula counts as reproduced from 10 % up to twice the published one, the share of houses
from 80 %, interest rates within 0.10 percentage points on average and 0.30 in each economy, a learned policy that a
constant one reaches from nine tenths of its figure.

| claim | source | published | found here | seeds | status | script in `benchmarks/` |
|---|---|---|---|---|---|---|
{rows}

Why the learned comparison of taxes differs from the published one, as far as that is known, stands in
[the comparison of taxes](tax_comparison.md).

## Headlines of the shipped scenarios

Each shipped scenario has a figure from a source other than its own code. `make test` reproduces those of scenarios
without training, of `one_step`, and of language models with a scripted one; a run compares any other at its end.

| scenario | metric | value | source |
|---|---|---|---|
{headlines}
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
