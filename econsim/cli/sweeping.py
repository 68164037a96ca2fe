"""Commands for many runs: sweep, query, summary, search."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from econsim.cli.running import OverridesArgument
from econsim.errors import UserError

AxesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUES", help="Axes: planner=a,b seed=0:10 key=lin(0,1,11) key=log(1e-4,1e-1,5)."),
]
SweepFolder = Annotated[Path, typer.Argument(metavar="SWEEP", help="The folder of a sweep.")]
ClusterOption = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="For SLURM, as submitit names it: partition=short.")
]


class LauncherName(StrEnum):
    """Who makes the runs."""

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
        typer.Option(metavar="METHOD COUNT", help="Draw the spans among the axes: lhs, sobol or random."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A YAML file with scenario, axes, zip and sample.")] = None,
    out: Annotated[Path | None, typer.Option(help="The sweep's folder; a new one under sweeps/ if not given.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the runs and a forecast; start nothing.")] = False,
    launcher: Annotated[LauncherName, typer.Option(help="Who makes the runs.")] = LauncherName.local,
    workers: Annotated[int | None, typer.Option(min=1, help="Runs at once; all cores if not given.")] = None,
    no_pack: Annotated[bool, typer.Option("--no-pack", help="Give every run a folder of its own.")] = False,
    retries: Annotated[int, typer.Option(min=0, help="How often a failed run is tried again.")] = 1,
    reports: Annotated[bool, typer.Option("--reports", help="Write a report of every run with a folder.")] = False,
    device: Annotated[str, typer.Option(help="Where each run is made: cpu, cuda or auto.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="Threads of each run; they are part of it.")] = 1,
    results: Annotated[str | None, typer.Option(metavar="URL", help="Shared storage, for example s3://...")] = None,
    cpus: Annotated[float, typer.Option(min=0, help="CPUs of a run on a cluster.")] = 1.0,
    gpus: Annotated[float, typer.Option(min=0, help="GPUs of a run on a cluster; a fraction shares one.")] = 0.0,
    address: Annotated[str | None, typer.Option(help="Address of a Ray cluster.")] = None,
    cluster: ClusterOption = None,
    track: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Tell a tracker: tensorboard, mlflow or wandb.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what a language model is foreseen to be asked.")] = False,
) -> None:
    """Make many runs of a scenario.

    Axes are keys of the scenario with several values; runs that differ in numbers alone are packed into one batch. A
    sweep that was stopped goes on with: econsim resume SWEEP.
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
        reports=reports,
        results=results,
        cpus=cpus,
        gpus=gpus,
        address=address,
        cluster=_pairs(cluster or (), "--cluster"),
        track=tuple(track or ()),
    )
    if dry_run:
        from econsim.cli.forecasting import print_forecast

        print_forecast(request, options)
        return
    made = start_sweep(request, out, options, quiet, agreed=yes)
    if made.counts["failed"]:
        raise typer.Exit(1)


def query(
    folder: SweepFolder,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="Reads the tables runs, metrics and accounts.")],
    csv: Annotated[Path | None, typer.Option(help="A file for the answer.")] = None,
) -> None:
    """Ask the tables of a sweep in SQL.

    For example: select name, avg(value) from metrics group by name
    """
    from econsim.sweep import open_sweep

    _print(open_sweep(folder).query(sql), csv)


def summary(
    folder: SweepFolder,
    metric: Annotated[str, typer.Option(help="A number of an episode, for example productivity.")] = "welfare",
    csv: Annotated[Path | None, typer.Option(help="A file for the means, one row a policy and point.")] = None,
) -> None:
    """Summarise a sweep.

    Means with 95 % intervals over seeds, the best points, main effects, and the front of equality and productivity.
    """
    from econsim.sweep import open_sweep

    found = open_sweep(folder).summary(metric)
    for title, table in found.sections():
        typer.echo(f"{title}\n{table.to_string(index=False, na_rep='', float_format='{:,.5g}'.format)}\n")
    if csv is not None:
        _save(found.means, csv)


class Method(StrEnum):
    """How points are proposed."""

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
    maximise: Annotated[str | None, typer.Option(metavar="METRIC", help="Find its highest value.")] = None,
    minimise: Annotated[str | None, typer.Option(metavar="METRIC", help="Find its lowest value.")] = None,
    budget: Annotated[int, typer.Option(min=1, help="Trials, those that the folder holds included.")] = 50,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of a trial; trained ones are pruned between them.")] = 1,
    method: Annotated[Method, typer.Option(help="How points are proposed.")] = Method.tpe,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the proposals.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The folder; under searches/, by the scenario, if not given.")
    ] = None,
    device: Annotated[str, typer.Option(help="Where each run is made: cpu, cuda or auto.")] = "cpu",
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False,
) -> None:
    """Search keys of a scenario for the best value of a metric.

    The same command goes on with a search that was stopped, or that shall have a larger budget.
    """
    if (maximise is None) == (minimise is None):
        raise UserError("search: say what is best, for example --maximise welfare")
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
    found = find(request, budget, out or Path("searches") / Path(scenario).stem, device, quiet)
    for name, value in found.best.items():
        typer.echo(f"{'best value' if name == 'value' else name}: {value}")


def _print(table: Any, csv: Path | None) -> None:
    if csv is None:
        typer.echo(table.to_string(index=False, na_rep="", float_format="{:,.6g}".format))
    else:
        _save(table, csv)


def _save(table: Any, csv: Path) -> None:
    if not csv.parent.is_dir():
        raise UserError(f"--csv {csv}: there is no folder {csv.parent}")
    table.to_csv(csv, index=False)
    typer.echo(csv)


def _pairs(texts: Sequence[str], option: str) -> dict[str, Any]:
    from econsim.scenario.yaml_reader import parse

    return {key: parse(value, lambda line: option).plain() for key, value in _texts(texts, option).items()}


def _texts(texts: Sequence[str], option: str) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise UserError(f"{option} {text}: expected name=value".strip())
    return {name: value for name, _, value in (text.partition("=") for text in texts)}
