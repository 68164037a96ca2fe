"""The certificate of a run: what each role would gain by leaving the run's own policy, written as ``certificate.json``.

Every training seed and role is one piece of work. Pieces are kept as they are done, so that a certificate that was
stopped goes on where it was; the numbers depend on the run's seed and the budget only.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from econsim.errors import UserError, did_you_mean
from econsim.game import Enumerable, Solvable
from econsim.runs.deviations import DeviationBudget, Finder, Piece
from econsim.runs.folder import Run, open_run
from econsim.runs.load_agents import check_finished
from econsim.runs.machine import device_named, using_threads
from econsim.runs.progress import Journal, Progress
from econsim.runs.recorder import Advice
from econsim.scenario.plan import plan_of
from econsim.storage.files import write_json

__all__ = ["DeviationBudget", "certify"]

_FILE, _PARTIAL = "certificate.json", "certificate.partial.json"
_FORMAT = 2  # since then each finding holds the bounds lower and upper
Done = dict[str, list[dict[str, Any]]]


def certify(
    run: Run | str | Path,
    budget: DeviationBudget | None = None,
    roles: tuple[str, ...] = (),
    first_seed: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Measure how far a run's own policy is from equilibrium, write its certificate and return it.

    Args:
        run: a finished run, or its folder.
        budget: how hard deviations are looked for.
        roles: the roles to look at; all of them if none is named.
        first_seed: look at the agents of the first training seed only.
        quiet: print no progress.

    Raises:
        UserError: the run is not finished, there is no such role, or no way to find a deviation for it.
        KeyboardInterrupt: the user stopped it; the same call goes on where it was.
    """
    opened = run if isinstance(run, Run) else open_run(run)
    check_finished(opened)
    with using_threads(opened.environment["threads"]), Advice().listening():
        certificate = _Certifying(opened, budget or DeviationBudget(), quiet).finish(roles, first_seed)
    vars(opened).pop("certificate", None)  # what was read before is out of date
    return certificate


class _Certifying:
    """One certificate in the making."""

    def __init__(self, run: Run, budget: DeviationBudget, quiet: bool) -> None:
        self.run, self.budget = run, budget
        scenario = run.scenario
        plan = plan_of(scenario, scenario.build_game(device_named(run.environment["device"])))
        self.game, self.policy = plan.game, plan.last
        self.finder = Finder(run, plan, budget)
        self.journal = Journal(run.path / "log.txt", quiet)

    def finish(self, roles: tuple[str, ...], first_seed: bool) -> dict[str, Any]:
        """Do all pieces that are still to do; write and return the certificate."""
        wanted = self._wanted(roles)
        seeds = self.policy.seeds[:1] if first_seed else self.policy.seeds
        pieces = [Piece(role, seed) for seed in seeds for role in wanted]
        asked = {"format": _FORMAT, "policy": self.policy.label, **asdict(self.budget)}
        done = self._kept(asked)
        try:
            self._work([piece for piece in pieces if piece.name not in done], asked, done)
        except KeyboardInterrupt as error:
            message = f"stopped; continue with the same command: econsim equilibrium {self.run.path}"
            raise KeyboardInterrupt(message) from error
        findings = [entry for piece in pieces for entry in done[piece.name]]
        content = {**asked, "unit": self.game.unit, "seeds": list(seeds), "findings": findings}
        write_json(self.run.path / _FILE, content)
        (self.run.path / _PARTIAL).unlink(missing_ok=True)
        return content

    def _wanted(self, roles: tuple[str, ...]) -> list[str]:
        for role in roles:
            if role not in self.game.roles:
                raise UserError(f"--role {role}: no such role in this run{did_you_mean(role, self.game.roles)}")
        wanted = [role for role in self.game.roles if not roles or role in roles]
        following = [role for role in wanted if not self.game.roles[role].leads]
        known = isinstance(self.game, (Solvable, Enumerable))
        if following and not self.budget.iterations and not known:
            raise UserError(
                f"--iterations 0: {type(self.game).__name__} knows no exact answers for {', '.join(following)}, so that"
                " a deviation has to be trained; say at least 1, or --role of a leader"
            )
        return wanted

    def _work(self, ahead: list[Piece], asked: dict[str, Any], done: Done) -> None:
        kinds = ["leader" if self.game.roles[piece.role].leads else "follower" for piece in ahead]
        with Progress([piece.name for piece in ahead], kinds, self.journal) as progress:
            for index, piece in enumerate(ahead):
                progress.begin(index)
                done[piece.name] = list(self.finder.findings(piece, progress))
                write_json(self.run.path / _PARTIAL, {"asked": asked, "done": done})
                progress.end()

    def _kept(self, asked: dict[str, Any]) -> Done:
        """Return the pieces that an earlier certificate of the same budget left when it was stopped."""
        try:
            left = json.loads((self.run.path / _PARTIAL).read_text("utf-8"))
            return dict(left["done"]) if left["asked"] == asked else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}
