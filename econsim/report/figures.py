"""Figures of a run: one method per figure; :meth:`Figures.captioned` yields those that the run has data for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from econsim.analysis import plots
from econsim.analysis.law_plot import distribution_and_law
from econsim.analysis.recording import Recording
from econsim.analysis.recording import plots as recording_plots
from econsim.economics import KnownLaws
from econsim.errors import UserError
from econsim.report import interactive
from econsim.report.captions import CAPTIONS as _CAPTIONS
from econsim.report.captions import SCORED
from econsim.report.dots import interval_dots
from econsim.report.household_gaps import draw_means_by_age
from econsim.report.interactive import Plot
from econsim.report.network import draw_network
from econsim.report.votes import shares_of_votes
from econsim.runs.metric_columns import metrics_in, shown_metrics, titled
from econsim.runs.metrics_table import SERIES
from econsim.runs.summary import schedule_of
from econsim.runs.workers import workers_of
from econsim.scenario.plan import SHARED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.runs.folder import Run

__all__ = ["Captioned", "Figures"]


PLAYED = "play/"
MOST_PANELS = 3
_HOURS = "mean_hours"
_FEWEST_YEARS = 2


class Captioned(NamedTuple):
    """A figure with the name of its file, its title, its caption and its alternative text.

    ``plot`` is the same figure as data for plotly, for figures that have an interactive version.
    """

    name: str
    title: str
    figure: Figure
    caption: str
    alternative: str
    plot: Plot | None = None


class Figures:
    """The figures of a finished run as matplotlib figures, for example ``run.plot.schedules()`` in a notebook.

    A method raises :class:`UserError` if the run has no data for its figure; :attr:`available` lists the others.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._summary = run.summary

    @property
    def available(self) -> list[str]:
        """The names of the figures that this run has data for."""
        return [item.name for item in self.captioned()]

    @property
    def policies(self) -> list[str]:
        """The labels of the policies in the order of the scenario, whose own policy is the last."""
        return list(self._summary["policies"])

    def schedules(self) -> Figure:
        """Draw marginal tax rates by income."""
        return plots.tax_schedules(self._schedules(), self._unit)

    def hours(self) -> Figure:
        """Draw weekly hours by income at 40 hours."""
        return plots.hours_by_skill(self._accounts("potential_income", "hours"), self.policies, self._unit)

    def incomes(self) -> Figure:
        """Draw income before tax, and after tax and rebate, by decile."""
        accounts = self._accounts("potential_income", "income", "consumption")
        return plots.incomes_by_decile(accounts, self.policies, self._unit)

    def effective_rates(self) -> Figure:
        """Draw tax as a share of income by decile, before and after the rebate."""
        return plots.effective_rates(self._accounts("potential_income", "income", "tax", "rebate"), self.policies)

    def votes(self) -> Figure:
        """Draw the candidates' shares of first choices by tax year, with the winners.

        Raises:
            UserError: the run held no elections, or only one.
        """
        from econsim.report.elections import own_elections

        scored = {workers_of(self._summary, each.response).short: each.elections for each in own_elections(self._run)}
        if max(map(len, scored.values()), default=0) < _FEWEST_YEARS:
            raise UserError(f"{self._run.path}: there are no elections in several tax years")
        return shares_of_votes(scored)

    def hours_over_time(self) -> Figure:
        """Draw mean hours over time under the scenario's own policy, one line per set of workers.

        Raises:
            UserError: the run has no panel, its game has no hours, or its policy was scored under one set of workers.
        """
        from econsim.report.trajectories import by_workers

        curves = by_workers(self._run.panel, self.policies[-1], _HOURS)
        if len(curves) == 1:
            raise UserError(f"{self._run.path}: the scenario's own policy was scored under one set of workers only")
        names = {workers_of(self._summary, response).short: curve for response, curve in curves.items()}
        titles = {_HOURS: titled(metrics_in(self._summary)[_HOURS])}
        return plots.metrics_over_steps(names, titles, xlabel="step", smoothed=1)

    def episode(self) -> Figure:
        """Draw the map at eight steps of an episode under the scenario's own policy."""
        recording = self._own_recording
        from econsim.analysis.recording.sheet import contact_sheet  # takes long, and most games have no map

        return contact_sheet(recording)

    def schedules_by_period(self) -> Figure:
        """Draw the marginal tax rates of each tax period under the scenario's own policy."""
        return recording_plots.schedules_by_period(self._own_recording)

    def houses(self) -> Figure:
        """Draw houses by worker, in increasing order of income per house."""
        return plots.houses_by_skill(self._accounts("houses", "build_payment"), self.policies, self._unit)

    def coin(self) -> Figure:
        """Draw coin over time, of each worker or each quartile of workers."""
        return recording_plots.coin_over_time(self._recordings)

    def prices(self) -> Figure:
        """Draw prices and units traded over time."""
        return recording_plots.prices_and_trades(self._recordings)

    def taxes(self) -> Figure:
        """Draw incomes, taxes and rebates by tax period under the scenario's own policy."""
        return recording_plots.taxes_by_period(self._own_recording)

    def welfare(self) -> Figure:
        """Draw the welfare of every policy under several welfare functions."""
        from econsim.report.content import welfare_by_function

        return plots.welfare_dots(welfare_by_function(self._run), self.policies)

    def learning(self) -> Figure:
        """Draw the leader's return while the scenario's own policy was trained, with the levels of other policies."""
        return plots.learning_curve(*self.learning_curves())

    def means_by_age(self) -> Figure:
        """Draw means by age of the whole population in the last period, by policy and set of households.

        Raises:
            UserError: households have no ages, or no best response is known.
        """
        return draw_means_by_age(self._run)

    def law(self) -> Figure:
        """Draw the distribution of an account among people at the end of an episode, beside its known law.

        Raises:
            UserError: no law is known for the accounts of this game, or they are stored as aggregates.
        """
        laws = game.known_laws() if isinstance(game := self._run.plan.game, KnownLaws) else {}
        if not laws:
            raise UserError(f"{self._run.path}: no distribution of this game is known exactly")
        name, probabilities = next(iter(laws.items()))
        accounts = self._accounts(name)
        rows = accounts[accounts["response"] == self._summary["responses"][0]]
        samples = {label: rows.loc[rows["policy"] == label, name].to_numpy() for label in self.policies}
        account = next(account for account in game.accounts_spec if account.name == name)
        return distribution_and_law(samples, probabilities.numpy(), account.noun, account.unit)

    def network(self) -> Figure:
        """Draw the network of the economy, with people in the colour of their account.

        Raises:
            UserError: the economy has no network, or one of more than 5,000 people.
        """
        return draw_network(self._run)

    def outcomes(self) -> Figure:
        """Draw the main metrics of the episodes that ended during training."""
        return plots.metrics_over_steps(*self._outcomes())

    def interactive(self, name: str) -> Plot | None:
        """Return a figure as data for plotly, or ``None`` for figures without an interactive version.

        Raises:
            UserError: the run has no data for the figure.
        """
        match name:
            case "schedules":
                return interactive.tax_schedules(self._schedules(), self._unit)
            case "learning":
                return interactive.learning_curve(*self.learning_curves())
            case "outcomes":
                return interactive.metrics_over_steps(*self._outcomes())
            case "trajectories":
                return interactive.metrics_over_steps(*self._trajectories(), xlabel="step", smoothed=1)
            case "series":
                return interactive.metrics_over_steps(*self._series(), xlabel="step", smoothed=1)
        return None

    def metrics(self) -> Figure:
        """Draw the metrics that the report shows, by policy, with intervals over training seeds or episodes.

        Raises:
            UserError: the run has only one policy.
        """
        if len(self.policies) == 1:
            raise UserError(f"{self._run.path}: a comparison of metrics needs several policies; this run has one")
        declared = shown_metrics(self._summary, "headline", "table")
        rows = [self._row(label, metric.name) for label in self.policies for metric in declared]
        table = pd.DataFrame([row for row in rows if row is not None])
        return interval_dots(table, {metric.name: titled(metric) for metric in declared})

    def series(self) -> Figure:
        """Draw the metrics of flow accounts by step of the evaluation episodes, under each policy."""
        return plots.metrics_over_steps(*self._series(), xlabel="step", smoothed=1)

    def trajectories(self) -> Figure:
        """Draw the main metrics by step of the evaluation episodes, with a band that holds 90 % of the episodes.

        Raises:
            UserError: the run has no panel, or its episodes have a single step or period.
        """
        return plots.metrics_over_steps(*self._trajectories(), xlabel="step", smoothed=1)

    def _trajectories(self) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
        """Return metrics by policy, step and name, means and the band over episodes; and the titles of the metrics."""
        from econsim.report.trajectories import by_step

        panel = self._run.panel
        shown = shown_metrics(self._summary, "headline", "table")
        titles = {metric.name: titled(metric) for metric in shown if metric.name in panel}
        names = list(titles)[:MOST_PANELS]
        curves = by_step(panel[panel["response"] == self._summary["responses"][0]], names)
        if all(curve["step"].nunique() < 2 for curve in curves.values()):
            raise UserError(f"{self._run.path}: the episodes have a single step, so that nothing changes over time")
        return curves, {name: titles[name] for name in names}

    def _row(self, label: str, name: str) -> dict[str, Any] | None:
        response = self._summary["responses"][0]
        policy = self._summary["policies"][label]
        if name not in policy.get(response, {}):
            return None
        interval = policy["intervals"].get(response, {}).get(name, {})
        ends = {"low": interval.get("low"), "high": interval.get("high")}
        return {"scenario": "", "policy": label, "metric": name, "mean": policy[response][name], **ends}

    def _series(self) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
        """Return the time series by policy under the first response, and the titles of the metrics to draw."""
        metrics = self._run.metrics
        rows = metrics[metrics["name"].str.startswith(SERIES) & (metrics["response"] == self._summary["responses"][0])]
        if rows.empty:
            raise UserError(f"{self._run.path}: there are no time series, since this game has no flow accounts")
        declared = metrics_in(self._summary)
        names = [name for name in rows["name"].unique() if name.removeprefix(SERIES) in declared]
        order = ("headline", "table", "detail")  # the main ones first: there is room for few
        shown = [name for show in order for name in names if declared[name.removeprefix(SERIES)].show == show] or names
        titles = {name: titled(declared[name.removeprefix(SERIES)]) for name in shown[:MOST_PANELS]}
        return {str(label): series for label, series in rows.groupby("policy", sort=False)}, titles

    def _schedules(self) -> dict[str, tuple[Sequence[float], Sequence[float]]]:
        """Return thresholds and rates by policy."""
        policies = self._summary["policies"]
        schedules = {label: schedule_of(policy) for label, policy in policies.items()}
        if None in schedules.values():
            raise UserError(f"{self._run.path}: this economy has no tax schedules")
        return {label: schedule for label, schedule in schedules.items() if schedule is not None}

    def learning_curves(self) -> tuple[dict[str, pd.DataFrame], dict[str, float], str]:
        """Return curves of the leader's return, its level under the other policies, and the label of the axis.

        Raises:
            UserError: the run has no training.
        """
        curves, policies, own = self._curves(), self._summary["policies"], self.policies[-1]
        responses, name = self._summary["responses"], f"return_{self._leader}"
        levels = {label: policy[responses[0]][name] for label, policy in policies.items() if label != own}
        low, high, unit = self._scale(levels)
        for curve in curves.values():
            curve["value"] = (curve["value"] - low) / (high - low)
        scaled = {label: (value - low) / (high - low) for label, value in levels.items()}
        return curves, scaled, unit

    def _outcomes(self) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
        """Return the metrics of training episodes by policy, and the titles of the metrics to draw."""
        metrics = self._run.metrics
        played = metrics[metrics["name"].str.startswith(PLAYED)]
        recorded_names = set(played["name"])
        recorded = [metric for metric in metrics_in(self._summary).values() if PLAYED + metric.name in recorded_names]
        shown = [m for m in recorded if m.show == "table"] or [m for m in recorded if m.show == "headline"]
        names = {PLAYED + metric.name: titled(metric) for metric in shown[:MOST_PANELS]}
        if not names:
            raise UserError(f"{self._run.path}: no metrics of episodes were recorded in training")
        curves = {str(label): rows for label, rows in played.groupby("policy", sort=False)}
        shared = curves.get(SHARED)
        first = 0 if shared is None else int(shared["step"].max()) + 1
        by_policy = {
            label: rows.assign(step=rows["step"] + (0 if label == SHARED else first)) for label, rows in curves.items()
        }
        return by_policy, names

    def _scale(self, levels: Mapping[str, float]) -> tuple[float, float, str]:
        """Return the values at 0 and 1 of the axis, and its label: shares of the gap if floor and ceiling are known."""
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
            if name in SCORED:
                caption += f" Scored under {workers_of(self._summary, self._summary['responses'][0]).words}."
            alternative = f"{title}, for the policies {', '.join(self.policies)}. {caption}"
            yield Captioned(name, title, figure, caption, alternative, self.interactive(name))

    @property
    def _unit(self) -> str:
        unit: str = self._summary["unit"]
        return unit

    @cached_property
    def _recordings(self) -> dict[str, Recording]:
        """Recorded episodes by policy, the scenario's own last; raises :class:`UserError` if there are none."""
        from econsim.runs.recordings import load_recording, recordings_of

        recorded = recordings_of(self._run)
        if not recorded:
            raise UserError(f"{self._run.path}: this run has no recorded episodes")
        return {policy: load_recording(self._run, policy) for policy in recorded}

    @property
    def _own_recording(self) -> Recording:
        return list(self._recordings.values())[-1]

    def _accounts(self, *needed: str) -> pd.DataFrame:
        return self._run.players(*needed)

    def _curves(self) -> dict[str, pd.DataFrame]:
        """Return step, seed and value of the leader's return in training of the own policy, by the set of workers."""
        metrics, own = self._run.metrics, self.policies[-1]
        of_leader = (metrics["policy"] == own) & (metrics["response"] == "") & (metrics["role"] == self._leader)
        names = {"audit/exact_return": f"{own}, exact workers", "audit/learned_return": f"{own}, learned workers"}
        if not (of_leader & metrics["name"].isin(names)).any():
            names = {"training/return": f"{own} in training"}
        curves = {
            label: metrics.loc[of_leader & (metrics["name"] == name), ["step", "seed", "value"]].copy()
            for name, label in names.items()
        }
        recorded = {label: curve for label, curve in curves.items() if not curve.empty}
        if not recorded:
            raise UserError(f"{self._run.path}: no agent was trained in this run")
        return recorded

    @property
    def _leader(self) -> str:
        roles = self._run.plan.game.roles
        return next((name for name, role in roles.items() if role.leads), next(iter(roles)))
