"""The figures of a run: each method draws one; :meth:`Figures.captioned` yields those that the run has data for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from econsim.analysis import plots
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from econsim.runs.folder import Run

__all__ = ["Captioned", "Figures"]


class Captioned(NamedTuple):
    """A figure, the name of its file, its caption, and what it shows for readers who do not see it."""

    name: str
    title: str
    figure: Figure
    caption: str
    alternative: str


class Figures:
    """Draws the figures of a finished run as matplotlib figures."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._summary = run.summary

    @property
    def policies(self) -> list[str]:
        """The policies from floor to ceiling as the scenario lists them, its own policy last."""
        return list(self._summary["policies"])

    def schedules(self) -> Figure:
        """Marginal tax rates by income."""
        found = self._summary["policies"]
        if any("rates" not in policy for policy in found.values()):
            raise UserError(f"{self._run.path}: this economy has no tax schedules to draw")
        table = {label: (policy["thresholds"], policy["rates"]) for label, policy in found.items()}
        return plots.tax_schedules(table, self._unit)

    def hours(self) -> Figure:
        """Weekly hours by income at 40 hours."""
        return plots.hours_by_skill(self._accounts("potential_income", "hours"), self.policies, self._unit)

    def incomes(self) -> Figure:
        """Income before tax and after tax and rebate by decile."""
        accounts = self._accounts("potential_income", "income", "consumption")
        return plots.incomes_by_decile(accounts, self.policies, self._unit)

    def effective_rates(self) -> Figure:
        """Tax as a share of income by decile, before and after the rebate."""
        return plots.effective_rates(self._accounts("potential_income", "income", "tax", "rebate"), self.policies)

    def welfare(self) -> Figure:
        """Every policy under several welfare functions."""
        from econsim.report.content import welfare_by_function

        return plots.welfare_dots(welfare_by_function(self._run), self.policies)

    def learning(self) -> Figure:
        """The leader's return while the scenario's own policy was trained, between the levels of all policies."""
        curves, found, own = self._curves(), self._summary["policies"], self.policies[-1]
        responses, name = self._summary["responses"], f"return_{self._leader}"
        levels = {label: policy[responses[0]][name] for label, policy in found.items() if label != own}
        low, high, unit = self._scale(levels)
        for curve in curves.values():
            curve["value"] = (curve["value"] - low) / (high - low)
        scaled = {label: (value - low) / (high - low) for label, value in levels.items()}
        return plots.learning_curve(curves, scaled, unit)

    def _scale(self, levels: Mapping[str, float]) -> tuple[float, float, str]:
        """Return what counts as zero and as one, and what it is called: shares of the gap where the run knows one."""
        evaluation = self._summary["evaluation"] or {}
        low, high = (levels.get(evaluation.get(end) or "") for end in ("floor", "ceiling"))
        if low is None or high is None or low == high:
            return 0.0, 1.0, f"return of the {self._leader}"
        return low, high, f"return of the {self._leader}, as a share of the gap"

    def captioned(self) -> Iterator[Captioned]:
        """Yield every figure that the run has data for, with title, caption and alternative text."""
        for name, title, caption in _CAPTIONS:
            try:
                figure = getattr(self, name)()
            except UserError:
                continue
            shown = ", ".join(self.policies)
            yield Captioned(name, title, figure, caption, f"{title}, for the policies {shown}. {caption}")

    @property
    def _unit(self) -> str:
        unit: str = self._summary["unit"]
        return unit

    def _accounts(self, *needed: str) -> pd.DataFrame:
        if not (self._run.path / "accounts.parquet").is_file():
            raise UserError(f"{self._run.path}: this game keeps no accounts of players")
        accounts = self._run.accounts
        missing = [name for name in needed if name not in accounts]
        if missing:
            raise UserError(f"{self._run.path}: this economy has no {', '.join(missing)} to draw")
        return accounts

    def _curves(self) -> dict[str, pd.DataFrame]:
        """Return step, seed and value of the leader's return while the own policy was trained, by whom it met."""
        metrics, own = self._run.metrics, self.policies[-1]
        mine = (metrics["policy"] == own) & (metrics["response"] == "") & (metrics["role"] == self._leader)
        names = {"audit/exact_return": f"{own}, exact workers", "audit/learned_return": f"{own}, learned workers"}
        if not (mine & metrics["name"].isin(names)).any():
            names = {"training/return": f"{own} in training"}
        curves = {
            label: metrics.loc[mine & (metrics["name"] == name), ["step", "seed", "value"]].copy()
            for name, label in names.items()
        }
        found = {label: curve for label, curve in curves.items() if not curve.empty}
        if not found:
            raise UserError(f"{self._run.path}: nothing was trained in this run")
        return found

    @property
    def _leader(self) -> str:
        roles = self._run.scenario.build("cpu")[0].roles
        return next((name for name, role in roles.items() if role.leads), next(iter(roles)))


_CAPTIONS = (
    (
        "schedules",
        "Marginal tax rates",
        "The rate on the last unit earned, by income; each step is a tax bracket. The income axis is logarithmic.",
    ),
    (
        "hours",
        "Hours worked",
        "Weekly hours of each worker under each schedule; workers stand by what they would earn in a 40-hour week.",
    ),
    (
        "incomes",
        "Incomes before and after taxes",
        "Mean income of each tenth of the workers, from the least to the most able; both axes of money are alike.",
    ),
    (
        "effective_rates",
        "Effective tax rates",
        "Tax paid as a share of income by decile; on the right the equal rebate is taken off, so that negative means"
        " that people receive more than they pay (cut off at -100 %).",
    ),
    (
        "welfare",
        "Welfare under several criteria",
        "How each policy fares under other welfare functions, a head; equality times productivity and Atkinson's"
        " measures do not count the cost of work.",
    ),
    (
        "learning",
        "Learning",
        "The return of the scenario's own policy while it was trained (thin lines: single seeds), against the learned"
        " workers and against exact ones: a gap between the two is what the planner would gain from workers' mistakes."
        " Dotted lines mark what the other policies reach; where floor and ceiling are known, they count as 0 and 1.",
    ),
)
