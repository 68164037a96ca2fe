"""The command ``calibrate``: parameters of a scenario that meet observed metrics, and how sure they are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from econsim.cli.output_files import PLOTS, check_file, write_plot
from econsim.cli.progress_bar import progress_bar
from econsim.cli.running import OverridesArgument, QuietOption

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.figure import Figure

    from econsim.calibration import Calibration

Search = Literal["evolution", "gradient"]
PosteriorMethod = Literal["importance", "particles", "neural"]
_FEWEST_EFFECTIVE = 100


def calibrate(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")],
    data: Annotated[
        Path, typer.Option(help="A CSV file with the columns metric, value, standard_error and, over time, date.")
    ],
    free: Annotated[
        list[str],
        typer.Option(metavar="KEY=LOW:HIGH", help="A parameter to fit, with its bounds; KEY=LOW:HIGH:log. Repeatable."),
    ],
    overrides: OverridesArgument = None,
    policy: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The policy whose metrics are observed. Default: the planner's.")
    ] = None,
    evaluations: Annotated[int, typer.Option(min=10, help="Simulations of the fit, about.")] = 200,
    draws: Annotated[int, typer.Option(min=50, help="Draws of each of three rounds, or particles.")] = 400,
    search: Annotated[
        Search, typer.Option(help="How the whole range is searched: by CMA-ES, or by gradients with their bias.")
    ] = "evolution",
    posterior: Annotated[
        PosteriorMethod,
        typer.Option(help="By the likelihood, or from simulations: ABC-SMC, or a flow (the extra calibration)."),
    ] = "importance",
    simulations: Annotated[
        int, typer.Option(min=100, help="Simulations for the posterior by particles or neural, about.")
    ] = 3000,
    first_step: Annotated[int, typer.Option(min=0, help="The step of the episode on the earliest date.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search and of the draws.")] = 0,
    underidentified: Annotated[
        bool, typer.Option("--underidentified", help="Accept more parameters than observations.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE.json", help="The result as JSON.")] = None,
    csv: Annotated[Path | None, typer.Option(help="A CSV file of draws from the posterior with their weights.")] = None,
    plot: Annotated[Path | None, typer.Option(help="A figure of profiles and posterior: .png or .svg.")] = None,
    predictive: Annotated[
        Path | None, typer.Option(help="A figure of observations and posterior predictive: .png or .svg.")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Fit parameters of a scenario to observed metrics, with intervals and a test of the model.

    For example: econsim calibrate one_step planner=us_federal --policy us_federal --data observed.csv --free
    economy.utility.elasticity=0.05:2:log. All simulations play the same episodes. Workers and planner must need no
    fitting. The prior is uniform between the bounds, on the scale given.
    """
    from econsim.calibration import FreeParameter, calibrate, calibration_plot, predictive_plot, read_observations
    from econsim.scenario import load

    check_file("--out", out)
    check_file("--csv", csv)
    check_file("--plot", plot, PLOTS)
    check_file("--predictive", predictive, PLOTS)
    parameters = [FreeParameter.parsed(text) for text in free]
    observed, loaded = read_observations(data, first_step), load(scenario, overrides or [])
    total = _expected(evaluations, draws, len(parameters), simulations if posterior != "importance" else None)
    with progress_bar("calibration", quiet) as shown:
        result = calibrate(
            loaded,
            parameters,
            observed,
            policy,
            evaluations,
            draws,
            seed,
            underidentified,
            search,
            posterior,
            simulations,
            lambda done, message: shown(min(done, total), total, message),
        )
    _print(result)
    _save(result, out, csv, {plot: calibration_plot, predictive: predictive_plot})


def _expected(evaluations: int, draws: int, parameters: int, simulations: int | None) -> int:
    """Return about how many simulations a calibration takes."""
    from econsim.calibration.posterior import ROUNDS
    from econsim.calibration.profiles import FAR, NEAR

    points = FAR + 2 * len(NEAR)
    drawn = ROUNDS * draws if simulations is None else simulations
    return evaluations + points * parameters * (1 + 5 * (parameters - 1) * parameters) + drawn


def _print(result: Calibration) -> None:
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole

    console, posterior = Console(highlight=False), result.posterior
    intervals = posterior.interval(posterior.values)
    rows = []
    for number, profile in enumerate(result.profiles):
        low, high = profile.interval
        bounds = (
            f"{'bound ' if profile.reaches_low else ''}{low:.4g}",
            f"{'bound ' if profile.reaches_high else ''}{high:.4g}",
        )
        spread = f"{posterior.mean[number]:.4g} ({posterior.deviation[number]:.2g})"
        credible = f"{intervals[number, 0]:.4g} to {intervals[number, 1]:.4g}"
        answer = "yes" if profile.identified else "no"
        estimate = f"{result.estimate[profile.key]:.4g}"
        rows.append([profile.key, estimate, f"{bounds[0]} to {bounds[1]}", spread, credible, answer])
    header = ["parameter", "estimate", "95 % by profile", "posterior mean (sd)", "95 % posterior", "identified"]
    print_whole(console, grid(header, rows))
    console.print()
    ranges = posterior.interval(posterior.metrics)
    found = [
        [
            one.label,
            f"{one.value:.5g} ({one.error:.2g})",
            f"{simulated:.5g}",
            f"{(simulated - one.value) / one.error:+.2f}",
            f"{ranges[number, 0]:.5g} to {ranges[number, 1]:.5g}",
        ]
        for number, (one, simulated) in enumerate(zip(result.observed, result.simulated, strict=True))
    ]
    print_whole(
        console, grid(["metric", "observed (error)", "at the estimate", "errors apart", "95 % posterior"], found)
    )
    for line in _notes(result):
        console.print(line, markup=False)


def _notes(result: Calibration) -> list[str]:
    posterior, degrees = result.posterior, result.degrees_of_freedom
    lines = [f"chi-squared {result.chi2:.3g} with {degrees} degrees of freedom"]
    if result.p_value is not None:
        lines[0] += f": a larger one has a probability of {result.p_value:.2g} if the model is true"
    elif degrees == 0:
        lines[0] += ": as many parameters as observations, so that the fit does not test the model"
    for profile in result.profiles:
        if not profile.identified:
            lines.append(
                f"{profile.key} is not identified within its bounds: other values fit as well, with other parameters"
                " changed; observe a metric that it changes, or give it a value"
            )
    if posterior.effective < _FEWEST_EFFECTIVE:
        lines.append(
            f"The posterior rests on {posterior.effective:.0f} effective draws; raise --draws before you rely on it."
        )
    for each in result.gradient:
        lines.append(
            f"{each.mode} gradient by {each.key} at {each.at:.4g}: {each.derivative:.4g}, by finite differences under"
            f" the same shocks {each.finite_difference:.4g} (bias {each.bias:+.1%})"
        )
    return [*lines, f"{result.simulations:,} simulations"]


def _save(
    result: Calibration,
    out: Path | None,
    csv: Path | None,
    plots: Mapping[Path | None, Callable[[Calibration], Figure]],
) -> None:
    import pandas as pd

    from econsim.storage.csv_tables import write_csv
    from econsim.storage.files import write_json

    posterior = result.posterior
    if out is not None:
        write_json(out, _content(result))
    if csv is not None:
        table = pd.DataFrame(posterior.values, columns=list(posterior.keys))
        for number, one in enumerate(result.observed):
            table[one.label] = posterior.metrics[:, number]
        write_csv(csv, table.assign(weight=posterior.weights))
    for file, draw in plots.items():
        if file is not None:
            write_plot(file, draw(result), "calibration")
    for path in (out, csv, *plots):
        if path is not None:
            typer.echo(str(path))


def _content(result: Calibration) -> dict[str, Any]:
    posterior = result.posterior
    return {
        "estimate": result.estimate,
        "chi2": result.chi2,
        "degrees_of_freedom": result.degrees_of_freedom,
        "p_value": result.p_value,
        "parameters": {
            profile.key: {
                "interval": list(profile.interval),
                "identified": profile.identified,
                "posterior_mean": float(posterior.mean[number]),
                "posterior_deviation": float(posterior.deviation[number]),
                "profile": {"values": profile.values.tolist(), "chi2": profile.chi2.tolist()},
            }
            for number, profile in enumerate(result.profiles)
        },
        "posterior_correlation": posterior.correlation.tolist(),
        "effective_draws": posterior.effective,
        "metrics": {
            one.label: {
                "metric": one.metric,
                "value": one.value,
                "error": one.error,
                **({} if one.step is None else {"step": one.step, "date": None if one.date is None else str(one.date)}),
                "found": float(simulated),
            }
            for one, simulated in zip(result.observed, result.simulated, strict=True)
        },
        "gradient": [{**each._asdict(), "bias": _finite(each.bias)} for each in result.gradient],
        "simulations": result.simulations,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
