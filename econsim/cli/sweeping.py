"""Commands for many runs: ``sweep``, ``query``, ``summary`` and ``search``."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from econsim.cli.reporting import print_section, report_sweep
from econsim.cli.running import (
    AcceptChangedVersions,
    Backend,
    BackendOption,
    ConfirmOption,
    OverridesArgument,
    QuietOption,
    ThreadsOption,
    TrackOption,
)
from econsim.errors import UserError

AxesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUES", help="Axes: planner=a,b seed=0:10 key=lin(0,1,11) key=log(1e-4,1e-1,5)."),
]
SweepFolder = Annotated[Path, typer.Argument(metavar="SWEEP", help="The folder of a sweep.")]
ClusterOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="A submitit parameter for SLURM, for example partition=short; repeatable."),
]
DeviceOption = Annotated[str, typer.Option(help="The device of each run: cpu, cuda or auto.")]
FrontierOption = Annotated[
    str | None,
    typer.Option(
        metavar="METRIC,METRIC",
        help="The points that no other one dominates in two metrics, as in equality,productivity; NAME:min: less is"
        " better.",
    ),
]

BestOption = Annotated[
    str | None,
    typer.Option(
        metavar="METRIC",
        help="Run the best point by this metric again under seeds that the choice has not seen, and print both"
        " intervals; NAME:min: less is better.",
    ),
]


class LauncherName(StrEnum):
    """Launchers of the processes that execute the runs."""

    local = "local"
    ray = "ray"
    slurm = "slurm"


def sweep(
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")
    ] = None,
    axes: AxesArgument = None,
    zip_: Annotated[
        list[str] | None, typer.Option("--zip", metavar="KEY,KEY", help="Axes that change together; repeatable.")
    ] = None,
    sample: Annotated[
        tuple[str, int] | None,
        typer.Option(metavar="METHOD COUNT", help="Sample the axes that are ranges: lhs, sobol or random."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A YAML file with scenario, axes, zip and sample.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder of the sweep. Default: a new folder under sweeps/.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the runs and a forecast without starting them.")
    ] = False,
    launcher: Annotated[LauncherName, typer.Option(help="The launcher of the runs.")] = LauncherName.local,
    workers: Annotated[
        int | None, typer.Option(min=1, help="The number of runs at once. Default: one per core.")
    ] = None,
    no_pack: Annotated[
        bool, typer.Option("--no-pack", help="Do not pack runs into batches: one folder per run.")
    ] = False,
    retries: Annotated[int, typer.Option(min=0, help="How many times a failed run is retried.")] = 1,
    reports: Annotated[bool, typer.Option("--reports", help="Write a report of every run that has a folder.")] = False,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 1,
    backend: BackendOption = Backend.tensors,
    results: Annotated[str | None, typer.Option(metavar="URL", help="Shared storage, for example s3://...")] = None,
    cpus: Annotated[float, typer.Option(min=0, help="CPUs per run on a cluster.")] = 1.0,
    gpus: Annotated[float, typer.Option(min=0, help="GPUs per run on a cluster; a fraction shares a GPU.")] = 0.0,
    address: Annotated[str | None, typer.Option(help="The address of a Ray cluster.")] = None,
    cluster: ClusterOption = None,
    track: TrackOption = None,
    frontier: FrontierOption = None,
    best: BestOption = None,
    quiet: QuietOption = False,
    yes: ConfirmOption = False,
) -> None:
    """Run a scenario many times with different values of its keys.

    Axes are keys of the scenario with several values; runs that differ only in numbers are packed into one batch. To
    continue an interrupted sweep: econsim resume SWEEP. Writes a report with plots and tables to the sweep's folder.
    """
    from econsim.sweep import Options, read_request, start_sweep

    if scenario is not None and "=" in scenario:
        axes, scenario = [scenario, *(axes or ())], None
    request = read_request(scenario, axes or (), zip_ or (), sample, file)
    options = Options(
        launcher=launcher.value,
        workers=workers,
        pack=not no_pack,
        retries=retries,
        device=device,
        threads=threads,
        backend=backend.value,
        reports=reports,
        results=results,
        cpus=cpus,
        gpus=gpus,
        address=address,
        cluster=_pairs(cluster or (), "--cluster"),
        track=tuple(track or ()),
        frontier=frontier,
        best=best,
    )
    if dry_run:
        from econsim.cli.forecasting import print_forecast

        print_forecast(request, options)
        return
    finished = start_sweep(request, out, options, quiet, agreed=yes)
    report_sweep(finished, quiet, yes)
    if finished.counts["failed"]:
        raise typer.Exit(1)


def query(
    folder: SweepFolder,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="A query of the tables runs, metrics and accounts.")],
    csv: Annotated[Path | None, typer.Option(help="A CSV file for the result.")] = None,
) -> None:
    """Query the tables of a sweep in SQL.

    For example: select name, avg(value) from metrics group by name
    """
    from econsim.sweep import open_sweep

    _print(open_sweep(folder).query(sql), csv)


def summary(
    folder: SweepFolder,
    metric: Annotated[
        str | None, typer.Option(help="A metric, for example productivity; NAME:min: less is better. Default: welfare.")
    ] = None,
    frontier: FrontierOption = None,
    best: BestOption = None,
    csv: Annotated[
        Path | None, typer.Option(help="A CSV file for the means, with one row per policy and point.")
    ] = None,
    yes: ConfirmOption = False,
) -> None:
    """Summarise a sweep.

    Prints means with 95 % intervals over seeds, the best points, main effects, and the frontier of two metrics, and
    writes the sweep's report with these tables and their plots.
    """
    from econsim.sweep import open_sweep
    from econsim.sweep.report import write_sweep_report

    opened = open_sweep(folder)
    summarised = opened.summary(metric, frontier, best, agreed=yes)
    for title, table in summarised.sections():
        print_section(title, table)
    typer.echo(f"report: {write_sweep_report(opened, summarised)}")
    if csv is not None:
        _save(summarised.means, csv)


class Method(StrEnum):
    """Methods that propose points."""

    tpe = "tpe"
    cma_es = "cma_es"
    random = "random"


def search(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")],
    overrides: OverridesArgument = None,
    over: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUES", help="An axis: uniform(0,1), log(1e-4,1), whole(1,9) or a,b,c; repeatable."),
    ] = None,
    maximise: Annotated[str | None, typer.Option(metavar="METRIC", help="The metric to maximise.")] = None,
    minimise: Annotated[str | None, typer.Option(metavar="METRIC", help="The metric to minimise.")] = None,
    budget: Annotated[
        int, typer.Option(min=1, help="The number of trials, including those already in the folder.")
    ] = 50,
    seeds: Annotated[
        int, typer.Option(min=1, help="Seeds per trial; trials with training can be pruned after each seed.")
    ] = 1,
    method: Annotated[Method, typer.Option(help="The method that proposes points.")] = Method.tpe,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the proposals.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The folder of the search. Default: searches/SCENARIO.")] = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 1,
    backend: BackendOption = Backend.tensors,
    quiet: QuietOption = False,
    yes: ConfirmOption = False,
    accept_changed_versions: AcceptChangedVersions = False,
) -> None:
    """Search for the values of keys that give the best value of a metric.

    Prints the best trial, and its interval under seeds that the choice has not seen. Run the same command again to
    continue an interrupted search, or with a larger budget to extend it.
    """
    if (maximise is None) == (minimise is None):
        raise UserError("search: give either --maximise or --minimise, for example --maximise welfare")
    from econsim.sweep.search import SearchRequest
    from econsim.sweep.search import search as find

    request = SearchRequest(
        scenario=scenario,
        over=_texts(over or (), "--over"),
        fixed=_pairs(overrides or (), ""),
        metric=maximise or minimise or "",
        maximise=maximise is not None,
        seeds=seeds,
        method=method.value,
        seed=seed,
    )
    folder = out or Path("searches") / Path(scenario).stem
    result = find(request, budget, folder, device, quiet, yes, accept_changed_versions, threads, backend.value)
    for name, value in result.best.items():
        typer.echo(f"{'best value' if name == 'value' else name}: {value}")
    print_section(*result.held_out().section())


def _print(table: Any, csv: Path | None) -> None:
    if csv is None:
        typer.echo(table.to_string(index=False, na_rep="", float_format="{:,.6g}".format))
    else:
        _save(table, csv)


def _save(table: Any, csv: Path) -> None:
    from econsim.storage.csv_tables import write_csv

    if not csv.parent.is_dir():
        raise UserError(f"--csv {csv}: there is no folder {csv.parent}")
    write_csv(csv, table)
    typer.echo(csv)


def _pairs(texts: Sequence[str], option: str) -> dict[str, Any]:
    from econsim.scenario.yaml_reader import parse

    return {key: parse(value, lambda line: option).plain() for key, value in _texts(texts, option).items()}


def _texts(texts: Sequence[str], option: str) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise UserError(f"{option} {text}: expected name=value".strip())
    return {name: value for name, _, value in (text.partition("=") for text in texts)}
