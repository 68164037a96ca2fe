"""Loading of scenarios from a name or path and overrides."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from econsim import kinds
from econsim.errors import EconsimWarning, Problem, ScenarioError, UserError, did_you_mean
from econsim.parameters import Chosen, FromRoom, Model
from econsim.scenario import library
from econsim.scenario.aliases import canonical, written_key
from econsim.scenario.changes import changed_keys
from econsim.scenario.composition import extended, laid_over, resolved
from econsim.scenario.defaults import over_defaults
from econsim.scenario.labels import label_of
from econsim.scenario.model import GameChoice, Scenario
from econsim.scenario.origin import Origin
from econsim.scenario.overrides import COMMAND_LINE, PRESET, Overrides, opened_patches, overridden, patches
from econsim.scenario.validation_errors import problems
from econsim.scenario.yaml_reader import Node, parse, read
from econsim.storage.user_files import is_writable_text, shown

M = TypeVar("M", bound=Model)


def load(source: str | Path, overrides: Overrides = ()) -> Scenario:
    """Return the scenario that ``source`` names, with overrides applied.

    Args:
        source: a name from scenarios/, or a path (any text with a slash, or that ends in ``.yaml``).
        overrides: texts ``key=value`` or a mapping from dotted keys to plain data; later ones take precedence.

    Raises:
        UserError: there is no such scenario or file.
        ScenarioError: the scenario contains mistakes; each is listed with its file and line.
    """
    path = scenario_path(source)
    root = extended(path)
    unnamed = {"name": Node(label_of(path.stem), root.where), "description": Node(library.summary(path), root.where)}
    origin = Origin(training_of_file=_written_in(path, root.content.get("training")))
    return _validated(Node({**unnamed, **root.content}, root.where), overrides, origin)


def with_overrides(scenario: Scenario, overrides: Overrides) -> Scenario:
    """Return a loaded scenario with overrides applied.

    Raises:
        ScenarioError: the overrides contain mistakes; each is listed.
    """
    return variations(scenario)(overrides)


def variations(scenario: Scenario) -> Callable[[Overrides], Scenario]:
    """Return :func:`with_overrides` for one scenario, which is then written out only once."""
    root = canonical(parse(scenario.dump(), lambda line: scenario.name))
    return lambda overrides: _validated(root, overrides, scenario.origin)


def game_choice(name: str, overrides: Mapping[str, Any]) -> Chosen:
    """Return a kind of economies or games, else the game of a scenario, with ``overrides`` of its parameters applied.

    Raises:
        UserError: there is no such kind or scenario, or a parameter is not valid.
    """
    known = {*kinds.names("economies"), *kinds.names("games")}
    if name not in known:
        scenarios = library.names("scenarios")
        if name not in scenarios:
            raise UserError(f"there is no game or scenario {name!r}{did_you_mean(name, {*known, *scenarios})}")
        changed: Chosen = load(name, {f"game.{key}": value for key, value in overrides.items()}).game
        return changed
    return _kind_with(name, overrides, GameChoice)


def solver_choice(given: str | Mapping[str, Any], overrides: Overrides = ()) -> Chosen:
    """Return a solver, given by name or as a mapping with its ``kind`` and parameters, with overrides of these applied.

    Raises:
        UserError: there is no such kind, or a parameter is not valid.
    """
    content = {"kind": given} if isinstance(given, str) else dict(given)
    name = content.pop("kind", None)
    if not isinstance(name, str):
        raise UserError("solver: expected a name or a mapping with a key 'kind' that names one of the solvers")
    try:
        return _kind_with(name, content, Annotated[Chosen, FromRoom("solvers")], overrides)
    except ScenarioError as error:  # keys as they are typed
        typed = (replace(each, key=each.key and f"solver.{each.key}") for each in error.problems)
        raise ScenarioError(typed) from None


def planner_choice(source: str, parameters: Mapping[str, Any]) -> Chosen:
    """Return a planner of planners/, given by name or as the path of a YAML file, with parameters applied.

    Raises:
        UserError: there is no such planner, or a parameter is not valid.
    """
    path = Path(source) if source.endswith((".yaml", ".yml")) else library.find("planners", source)
    root = read(library.on_disk(path))
    for patch in patches(parameters):
        root = laid_over(root, patch)
    choice: Chosen = _checked(root, Annotated[Chosen, FromRoom("planners")])
    return choice


def parameters_from(overrides: Overrides, model: type[M]) -> M:
    """Return a parameter model from texts ``key=value``, as on the command line, or a mapping.

    Raises:
        ScenarioError: the texts contain mistakes; each is listed with its key and what was expected.
    """
    values: M = _checked(overridden(Node({}, COMMAND_LINE), overrides), model)
    return values


def _kind_with(name: str, content: Mapping[str, Any], wanted: Any, overrides: Overrides = ()) -> Chosen:
    root = Node({"kind": Node(name, name)}, name)
    for patch in (*patches(content), *patches(overrides)):
        root = laid_over(root, patch)
    choice: Chosen = _checked(root, wanted)
    return choice


def scenario_path(source: str | Path) -> Path:
    """Return the file of a scenario given by name or path.

    Raises:
        UserError: there is no scenario of that name.
    """
    text = str(source)
    if isinstance(source, Path) or "/" in text or "\\" in text or text.endswith((".yaml", ".yml")):
        return library.on_disk(Path(source))
    return library.find("scenarios", text)


def validate_file(path: Path) -> None:
    """Check a YAML file: as an agent or a planner if it is in a folder of that name, else as a scenario.

    The plan of a scenario, and of each of its presets, is computed too, and its agents start once, since the game
    defines the roles and what their agents may do.

    Raises:
        UserError: the file contains mistakes; each is listed with its file and line.
    """
    path = library.on_disk(path)
    axis = Path(os.path.realpath(path)).parent.name
    if axis not in library.AXES[1:]:
        scenario = load(path)
        _check_plan(scenario)
        for name in scenario.presets:
            _check_plan(load(path, {PRESET: name}))
        return
    _checked(read(path), Annotated[Chosen, FromRoom(axis)])


def _check_plan(scenario: Scenario) -> None:
    from econsim.scenario.plan import plan_of  # loads torch, which a file with mistakes needs not

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EconsimWarning)  # advice about a run, which is no mistake in the file
        plan_of(scenario, scenario.build_game()).check_agents()


def _validated(root: Node, overrides: Overrides, origin: Origin) -> Scenario:
    commanded = {key: where for patch in opened_patches(root, overrides) for key, where in patch.leaves()}
    scenario = _scenario(overridden(root, overrides))
    if commanded:
        changed = changed_keys(_without_overrides(root), scenario, commanded)
        scenario = scenario.model_copy(update={"changed": changed})
    return scenario.with_origin(replace(origin, places=scenario.origin.places).with_commands(commanded))


def _scenario(root: Node) -> Scenario:
    _check_format(root)
    _check_texts(root)
    tree, misnamed = resolved(root)
    scenario: Scenario = _checked(tree, Scenario, misnamed)
    return scenario.with_origin(Origin(places=dict(tree.lines())))


def _without_overrides(root: Node) -> Scenario | None:
    try:
        return _scenario(root)
    except UserError:  # the overrides give what the file lacks
        return None


def _written_in(path: Path, node: Node | None) -> str | None:
    """Return the first location of a part of a scenario in the file ``path``; ``None`` if it is in another file."""
    locations = [] if node is None else [node.where, *(where for _, where in node.lines())]
    return next((where for where in locations if where.rpartition(":")[0] == shown(path)), None)


def _checked(root: Node, wanted: Any, misnamed: Sequence[Problem] = ()) -> Any:
    """Return the validated value of a tree; ``misnamed`` are mistakes in it that are known already."""
    root = over_defaults(root, wanted)
    data = root.plain()
    try:
        value = TypeAdapter(wanted).validate_python(data)
    except ValidationError as error:
        misnamed_keys = {problem.key for problem in misnamed}
        others = [
            replace(problem, key=written_key(root, problem.key))
            for problem in problems(error, wanted, data, root.place)
            if problem.key not in misnamed_keys
        ]
        raise ScenarioError(sorted([*misnamed, *others], key=_position_in_file)) from None
    if misnamed:
        raise ScenarioError(misnamed)
    return value


def _position_in_file(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdecimal() else (problem.where, 0)


def _check_texts(root: Node) -> None:
    """Raise :class:`ScenarioError` for texts that could not be written to the run folder in the end."""
    texts = ((key, node) for key, node in root.texts() if not is_writable_text(key + node.content))
    problems_found = [
        Problem(node.where, ascii(key)[1:-1], "contains half of a character (a lone surrogate)") for key, node in texts
    ]
    if problems_found:
        raise ScenarioError(problems_found)


def _check_format(root: Node) -> None:
    version = root.content.get("econsim")
    if version is not None and version.content != 1:
        message = f"expected scenario format 1, found {version.plain()!r}"
        raise ScenarioError([Problem(version.where, "econsim", message)])
