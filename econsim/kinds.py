"""Look-up of kinds: a kind is a module.

``economy: {kind: one_step}`` names the module ``econsim.economies.one_step``. That module defines a pydantic model
``Parameters`` and one public class, built as ``TheClass(parameters)``. There is no registry, and a module is imported
only when its kind is used. A plug-in is a package with sub-packages of the same names
(``my_models.economies.fishery``); it is added through the entry-point group ``econsim.plugins``, through ``--plugin``
or through :func:`add_plugin`, never because a scenario names it.

A room (a sub-package of kinds) lists renamed kinds in its ``__init__``, ``RENAMED = {"old": "new"}``: the old name
loads the new kind, with a warning, and is not listed.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import re
import shlex
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from econsim.errors import EconsimWarning, UserError, did_you_mean

PARAMETERS = "Parameters"
_EQUATION = re.compile(r"(?<![\\$])\$(?=[^\s$])([^$\n]+)(?<=\S)\$(?![\w$])")
"""An equation in a docstring, as in the Markdown of the documentation; a price such as $5 is not matched."""
_GROUP = re.compile(r"\{([^{}]*)\}")
_added_plugins: list[str] = []
_given: dict[str, str] = {}
"""What the user gave for each added package: its name or its folder."""


@dataclass(frozen=True)
class Kind:
    """A kind: its module, its class and the pydantic model of its parameters."""

    room: str
    name: str
    module: ModuleType
    implementation: type
    parameters: type

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the name of the module, which a process without the plug-ins of this one imports as well."""
        return _imported, (self.room, self.name, self.module.__name__)

    def build(self, parameters: Any) -> Any:
        """Return an instance for validated ``parameters``.

        Raises:
            UserError: the class of the kind lacks methods that the class from which it inherits requires.
        """
        missing = sorted(getattr(self.implementation, "__abstractmethods__", ()))
        if missing:
            raise UserError(
                f"kind {self.name} ({self.module.__file__}): the class {self.implementation.__name__} lacks"
                f" {', '.join(missing)}; see the guide docs/extending.md"
            )
        return self.implementation(parameters)

    @property
    def summary(self) -> str:
        """The first line of the module's docstring."""
        return (self.module.__doc__ or "").strip().split("\n", 1)[0]

    @property
    def documentation(self) -> str:
        """The module's docstring, with equations (TeX between dollar signs) as plain text between double backticks."""
        text = inspect.cleandoc(self.module.__doc__ or "")
        return _EQUATION.sub(lambda equation: f"``{_plain(equation[1])}``", text)

    @property
    def references(self) -> tuple[str, ...]:
        """BibTeX entries that ``econsim cite`` prints (the module's ``REFERENCES``)."""
        return tuple(getattr(self.module, "REFERENCES", ()))


def load(room: str, name: str) -> Kind:
    """Import the kind ``name`` of ``room``; an old name is accepted with an :class:`EconsimWarning`.

    Raises:
        UserError: there is no such kind (similar names are listed), or its module breaks the convention.
    """
    module = _module_of(room, name)
    if module is not None:
        return _read(room, name, importlib.import_module(module))
    if (new_name := _renamed(room).get(name)) is not None:
        warnings.warn(f"{room}: kind {name} is now called {new_name}; use the new name", EconsimWarning, stacklevel=2)
        return load(room, new_name)
    raise UserError(f"{room}: no kind {name!r}{did_you_mean(name, names(room))}")


def exists(room: str, name: str) -> bool:
    """Return whether ``room`` has a kind ``name``, by its new or its old name, without importing it."""
    return _module_of(room, name) is not None or name in _renamed(room)


def names(room: str) -> list[str]:
    """Return the kinds of ``room``, sorted, without importing any of them."""
    kind_names = set()
    for package in _packages(room):
        spec = find_spec(package)
        for module in pkgutil.iter_modules(spec.submodule_search_locations if spec else None):
            if not module.name.startswith("_"):
                kind_names.add(module.name)
    return sorted(kind_names)


def add_plugin(name_or_folder: str) -> str:
    """Add a package of kinds, an importable name or a folder with sub-folders named after rooms; return its name.

    Raises:
        UserError: there is no such package or folder, or another package has the folder's name.
    """
    folder = Path(name_or_folder)
    if os.path.isdir(folder):  # unlike Path.is_dir, also for a path that is too long
        folder = folder.resolve()
        sys.path.insert(0, str(folder.parent))
        importlib.invalidate_caches()
        package = folder.name
    else:
        package = name_or_folder
    if not all(part.isidentifier() for part in package.split(".")) or _find(package) is None:
        raise UserError(f"--plugin {name_or_folder}: there is no such package or folder")
    found = [place.resolve() for place in folders_of(package)]
    if folder.name == package and os.path.isdir(folder) and folder not in found:
        other = f"a package called {package} is loaded already" + (f" ({found[0]})" if found else "")
        raise UserError(f"--plugin {name_or_folder}: {other}; rename the folder")
    _given[package] = name_or_folder
    if package not in _added_plugins:
        _added_plugins.append(package)
    return package


def plugins() -> list[str]:
    """Return the packages that add kinds: those added in this process, then those installed."""
    return [*_added_plugins, *(name for name in _installed_plugins() if name not in _added_plugins)]


def plugin_given(package: str) -> str:
    """Return the name or folder with which a package was added; the name of a package that was not."""
    return _given.get(package, package)


def plugin_options(plugins: Mapping[str, str] | None = None) -> str:
    """Return the options that add plug-ins again, for commands in messages: `` --plugin NAME_OR_FOLDER``, or nothing.

    Args:
        plugins: what to give for each package that was not added in this process; by default, the options are for
            those that were. Installed plug-ins need no option.
    """
    given = {name: name for name in _added_plugins} if plugins is None else dict(plugins)
    needed = {name: _given.get(name, option) for name, option in given.items() if name not in _installed_plugins()}
    return "".join(f" --plugin {shlex.quote(option)}" for option in needed.values())


def plugin_folders() -> list[Path]:
    """Return the folders of all plug-ins; each may hold ``scenarios/``, ``agents/`` and ``planners/`` of its own."""
    return [folder for package in plugins() for folder in folders_of(package)]


def folders_of(package: str) -> list[Path]:
    """Return the folders of a package; none if there is no such package."""
    spec = _find(package)
    return [Path(folder) for folder in (spec.submodule_search_locations or () if spec else ())]


@cache
def _installed_plugins() -> tuple[str, ...]:
    return tuple(point.value for point in entry_points(group="econsim.plugins"))


def _module_of(room: str, name: str) -> str | None:
    if not name.isidentifier() or name.startswith("_"):
        return None
    modules = (f"{package}.{name}" for package in _packages(room))
    return next((module for module in modules if find_spec(module) is not None), None)


def _packages(room: str) -> list[str]:
    candidates = ["econsim", *plugins()]
    return [f"{base}.{room}" for base in candidates if _find(f"{base}.{room}") is not None]


def _renamed(room: str) -> dict[str, str]:
    """Return the old names of renamed kinds of ``room``, each with its new name."""
    rooms = (importlib.import_module(package) for package in _packages(room))
    return {old: new for module in rooms for old, new in getattr(module, "RENAMED", {}).items()}


def _find(package: str) -> Any:
    try:
        return find_spec(package)
    except ModuleNotFoundError:
        return None


def _imported(room: str, name: str, module: str) -> Kind:
    return _read(room, name, importlib.import_module(module))


def _read(room: str, name: str, module: ModuleType) -> Kind:
    parameters = getattr(module, PARAMETERS, None)
    public = [
        member
        for label, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__.startswith(module.__name__) and not label.startswith("_") and label != PARAMETERS
    ]
    exported = getattr(module, "__all__", None)
    if exported is not None:
        public = [member for member in public if member.__name__ in exported]
    if parameters is None or len(public) != 1:
        raise UserError(
            f"{module.__name__}: a kind must define one public class and a pydantic model named {PARAMETERS}"
            f" (found {len(public)} classes: {', '.join(member.__name__ for member in public) or 'none'})"
        )
    return Kind(room, name, module, public[0], parameters)


def _plain(tex: str) -> str:
    r"""Return an equation as a line of text: ``z^{1 - \tau}`` is ``z^(1 - tau)``."""
    tex = re.sub(r"\\text\b|\\,\s*|\\(?=[A-Za-z])", "", tex)
    while _GROUP.search(tex):
        tex = _GROUP.sub(lambda group: group[1] if re.fullmatch(r"[\w.]+", group[1]) else f"({group[1]})", tex)
    return tex
