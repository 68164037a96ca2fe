"""Weights of a policy network that another run has trained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from pydantic import Field, model_validator
from torch import Tensor

from econsim.errors import UserError, did_you_mean
from econsim.parameters import Model
from econsim.storage.states import digest_of, is_state, load_state

__all__ = ["Pretrained"]

_STAGE = re.compile(r"(?P<policy>.*)-seed-(?P<seed>\d+)-(?P<kind>[^-]*)")


class _Fit(NamedTuple):
    """A finished fit of a run, in the folder of its fitted agents."""

    policy: str
    seed: int
    folder: Path


class Pretrained(Model):
    """Weights that a run has stored; a string is the folder of the run."""

    run: str
    """Folder of the run, relative to the working directory. Of an unfinished run, the fits that are finished count."""
    policy: str | None = None
    """Policy of that run, such as ``free_market`` or ``shared phases``; none: the only one with fitted agents."""
    seed: int | None = Field(default=None, ge=0)
    """Training seed; none: the only one."""
    role: str | None = None
    """Role of the agent in that run; none: the same as here."""
    sha256: str | None = None
    """Digest of the stored fit; added when a scenario is loaded, so that a run never uses other weights later."""

    @model_validator(mode="before")
    @classmethod
    def _from_folder(cls, given: Any) -> Any:
        return {"run": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _found(self) -> Pretrained:
        if self.sha256 is not None:
            return self
        try:
            fit = self._fit()
        except UserError as error:
            raise ValueError(str(error)) from None  # so that the message names the key
        return self.model_copy(update={"policy": fit.policy, "seed": fit.seed, "sha256": digest_of(fit.folder)})

    def weights(self, role: str) -> Mapping[str, Tensor]:
        """Return the weights of an agent that plays ``role`` here.

        Raises:
            UserError: the run has changed since the scenario was loaded, or it has no such agent.
            RunError: the stored fit is damaged.
        """
        fit, name = self._fit(), self.role or role
        if digest_of(fit.folder) != self.sha256:
            raise UserError(f"weights: {fit.folder} holds other weights than when this scenario was loaded")
        agents: Mapping[str, Mapping[str, Tensor]] = load_state(fit.folder)["agents"]
        if name not in agents:
            hint = f"; set role to one of: {', '.join(agents)}" if self.role is None else did_you_mean(name, agents)
            raise UserError(f"weights: {self.run} has fitted no agent of role {name} under {fit.policy}{hint}")
        return agents[name]

    def _fit(self) -> _Fit:
        """Return the fit that is meant."""
        fits = list(_fits(Path(self.run)))
        if not fits:
            raise UserError(f"{self.run} is not the folder of a run with fitted agents")
        policies = list(dict.fromkeys(fit.policy for fit in fits))
        policy = self._only("policy", policies, self.policy)
        of_policy = {str(fit.seed): fit for fit in fits if fit.policy == policy}
        return of_policy[self._only("seed", list(of_policy), None if self.seed is None else str(self.seed))]

    def _only(self, key: str, found: list[str], wanted: str | None) -> str:
        """Return the wanted entry, or the only one."""
        if wanted is None and len(found) > 1:
            raise UserError(f"{self.run} has fitted agents with several; add {key}: {' or '.join(found)}")
        if wanted is not None and wanted not in found:
            hint = did_you_mean(wanted, found)
            raise UserError(f"{self.run} has no fitted agents with {key} {wanted}{hint}")
        return found[0] if wanted is None else wanted


def _fits(run: Path) -> Iterator[_Fit]:
    for folder in sorted(run.glob("checkpoints/*/fitted")):
        stage = _STAGE.fullmatch(folder.parent.name)
        if stage is not None and is_state(folder):
            yield _Fit(unquote(stage["policy"]), int(stage["seed"]), folder)
