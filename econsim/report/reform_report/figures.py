"""Figures of the report of a reform, with titles, captions and alternative texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from econsim.analysis import plots, reform_plots
from econsim.report.figures import Captioned
from econsim.report.reform_report.contents import REFORM, ReformContents
from econsim.report.reform_report.rounding import parts_in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["captioned"]


def captioned(contents: ReformContents) -> Iterator[Captioned]:
    """Yield the figures that the game has data for."""
    baseline, groups, unit = contents.labels["baseline"], contents.by_income, contents.unit
    if "tax" in contents.result.sides.accounts:
        row = {str(name): value for name, value in contents.totals.iloc[0].items()}
        words = parts_in_words(row["baseline"], row["mechanical"], row["behavioural"])
        written = (words.baseline, words.mechanical, words.behavioural, words.reform)
        figure = reform_plots.revenue_steps(row, (baseline, REFORM), written, row["unit"])
        caption = (
            f"Revenue per person under {baseline}; its mechanical change, at the incomes under {baseline}; its"
            " behavioural change, because incomes respond; and revenue per person under the reform."
        )
        yield _captioned("revenue", "Mechanical and behavioural change of revenue", figure, caption)
    if groups is not None and "tax_change" in groups:
        caption = (
            "Change of tax by income group, in per cent of the income before the reform (in money per person if a"
            " group has no income). The two parts add up to the total."
        )
        figure = reform_plots.revenue_by_group(groups, unit)
        yield _captioned("revenue_by_group", "Change of tax by income group", figure, caption)
    if groups is not None:
        caption = "Shares of people whose utility falls (losers, left) and rises (winners, right)."
        if "gain" in groups:
            caption = (
                "First panel: mean gain in utility, valued in money, with its 95 % interval, in per cent of consumption"
                " before the reform (in money per person if a group has no consumption); groups without a line have no"
                " interval. Second panel:"
                f" {caption[:1].lower()}{caption[1:]}"
            )
        yield _captioned("winners", "Winners and losers", reform_plots.gains_and_shares(groups, unit), caption)
    for leader, curve in contents.curves.items():
        figure = plots.rate_curves(curve, contents.labels, unit, log=True)
        caption = (
            "Average tax rate, liability over income before tax, and marginal tax rate, on the next unit of income. The"
            " income axis is logarithmic. Rebates are not included."
        )
        name = contents.of_leader("tax_rates", leader, "_")
        yield _captioned(name, contents.of_leader("Average and marginal tax rates", leader, ": "), figure, caption)


def _captioned(name: str, title: str, figure: Figure, caption: str) -> Captioned:
    return Captioned(name, title, figure, caption, f"{title}. {caption}")
