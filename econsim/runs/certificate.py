"""Equilibrium certificates: each role's gain from deviating from a policy of the run, written as ``certificate.json``.

That file is about the run's own policy; certificates of its baselines lie beside it, as ``certificate-POLICY.json``.

Each pair of training seed and role is one unit of work. The results of finished units are stored, so that an
interrupted certificate continues where it stopped; the results depend only on the run's seed and the budget.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from econsim.errors import UserError, did_you_mean
from econsim.game import Enumerable, Solvable
from econsim.households.protocols import SolvesHouseholds
from econsim.information_tree import HasInformationTree
from econsim.markov import MarkovGame
from econsim.mechanisms.incentives import AnnouncesGame
from econsim.runs.backend import TENSORS, on_backend
from econsim.runs.deviations import DeviationBudget, Finder, Piece
from econsim.runs.folder import Run, open_run
from econsim.runs.load_agents import check_finished
from econsim.runs.machine import computing_on, device_named
from econsim.runs.progress import Journal, Progress
from econsim.runs.recorder import Advice
from econsim.scenario.plan import plan_of
from econsim.storage.files import write_json
from econsim.storage.locks import locked
from econsim.storage.manifest import record_json, settle

__all__ = ["DeviationBudget", "certify"]

_FILE, _PARTIAL = "certificate.json", "certificate.partial.json"
_FORMAT = 2  # from this version on, each finding holds the bounds lower and upper
Done = dict[str, list[dict[str, Any]]]


def certify(
    run: Run | str | Path,
    budget: DeviationBudget | None = None,
    roles: tuple[str, ...] = (),
    first_seed: bool = False,
    quiet: bool = False,
    backend: str = TENSORS,
    policy: str | None = None,
) -> dict[str, Any]:
    """Measure how far a policy of a run is from equilibrium, write its certificate and return it.

    Args:
        run: a finished run, or its folder.
        budget: the effort spent on the search for deviations.
        roles: the roles to certify; all of them if empty.
        first_seed: certify the agents of the first training seed only.
        quiet: print no progress.
        backend: ``tensors`` or ``kernels``, which plays a game on the kernels that it offers (``docs/kernels.md``). The
            certificate holds the backend.
        policy: label of the policy; by default the run's own.

    Raises:
        UserError: the run is not finished or is in use, there is no such role or policy, the budget allows no deviation
            for a role, or kernels are requested on a GPU or without numba.
        RunError: a file of the run is damaged.
        KeyboardInterrupt: the user stopped the search; the same call continues where it stopped.
    """
    opened = run if isinstance(run, Run) else open_run(run)
    check_finished(opened)
    with locked(opened.path), computing_on(opened.environment["threads"]), Advice().listening():
        settle(opened.path)
        work = _Certifying(opened, budget or DeviationBudget(), quiet, backend, policy)
        certificate = work.finish(roles, first_seed)
    for read_before in ("certificate", "certificates"):
        vars(opened).pop(read_before, None)
    return certificate


class _Certifying:
    """Computation of one certificate."""

    def __init__(self, run: Run, budget: DeviationBudget, quiet: bool, backend: str, policy: str | None) -> None:
        self.run, self.budget = run, budget
        scenario = run.scenario
        backed = on_backend(scenario.build_game(device_named(run.environment["device"])), backend)
        plan, self.backend = plan_of(scenario, backed.game), backed.backend
        self.game, self.policy = plan.game, plan.last if policy is None else plan.policy(policy)
        is_own = self.policy.label == plan.last.label
        self.file = _FILE if is_own else f"{Path(_FILE).stem}-{quote(self.policy.label, safe='')}.json"
        self.finder = Finder(run, plan, budget, self.policy)
        self.command = run.command("equilibrium") + ("" if policy is None else f" --policy {shlex.quote(policy)}")
        self.journal = Journal(run.path / "log.txt", quiet)
        if backed.reason:
            self.journal.say(f"backend: tensors, because {backed.reason}")

    def finish(self, roles: tuple[str, ...], first_seed: bool) -> dict[str, Any]:
        """Compute all remaining pieces; write and return the certificate."""
        wanted = self._wanted(roles)
        seeds = self.policy.seeds[:1] if first_seed else self.policy.seeds
        pieces = [Piece(role, seed) for seed in seeds for role in wanted]
        request = {"format": _FORMAT, "policy": self.policy.label, "backend": self.backend, **asdict(self.budget)}
        done = self._stored(request)
        try:
            self._work([piece for piece in pieces if piece.name not in done], request, done)
        except KeyboardInterrupt as error:
            message = f"stopped; continue with the same command: {self.command}"
            raise KeyboardInterrupt(message) from error
        findings = [entry for piece in pieces for entry in done[piece.name]]
        content = {**request, "unit": self.game.unit, "seeds": list(seeds), "findings": findings}
        record_json(self.run.path, self.file, content)
        (self.run.path / _PARTIAL).unlink(missing_ok=True)
        return content

    def _wanted(self, roles: tuple[str, ...]) -> list[str]:
        for role in roles:
            if role not in self.game.roles:
                raise UserError(f"--role {role}: no such role in this run{did_you_mean(role, self.game.roles)}")
        wanted = [role for role in self.game.roles if not roles or role in roles]
        followers = [role for role in wanted if not self.game.roles[role].leads]
        exact = (Solvable, Enumerable, HasInformationTree, MarkovGame, SolvesHouseholds, AnnouncesGame)
        has_exact_responses = isinstance(self.game, exact)
        if followers and not self.budget.iterations and not has_exact_responses:
            raise UserError(
                f"--iterations 0: {type(self.game).__name__} has no exact best responses for {', '.join(followers)}, so"
                " a deviation must be trained; use --iterations 1 or more, or select a leader with --role"
            )
        return wanted

    def _work(self, remaining: list[Piece], request: dict[str, Any], done: Done) -> None:
        phases = [(piece, phase) for piece in remaining for phase in self.finder.phases(piece)]
        names = [f"{piece.name}: {phase}" for piece, phase in phases]
        index = count()
        with Progress(names, [f"{piece.role}: {phase}" for piece, phase in phases], self.journal) as progress:
            for piece in remaining:
                done[piece.name] = list(self.finder.findings(piece, lambda: progress.stage(next(index))))
                content = {"asked": request, "done": done}
                write_json(self.run.path / _PARTIAL, {**content, "sha256": _checksum(content)})

    def _stored(self, request: dict[str, Any]) -> Done:
        """Return the pieces that an interrupted certificate with the same budget has stored."""
        try:
            partial = json.loads((self.run.path / _PARTIAL).read_text("utf-8"))
            is_usable = partial["asked"] == request and partial.pop("sha256") == _checksum(partial)
            return dict(partial["done"]) if is_usable else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
