"""A small plug-in, written to a folder: a pond that is fished, its fishers, wardens and YAML."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

PACKAGE = "pond_plugin"

FILES = {
    "economies/pond.py": '''
        """A pond: fishers catch, a warden sets the share that stays."""

        from typing import Annotated, Literal

        from pydantic import Field

        from econsim.parameters import Chosen, FromRoom, Model

        __all__ = ["Parameters", "Pond"]

        REFERENCES = ("@article{gordon1954, title={The Economic Theory of a Common-Property Resource}}",)


        class Logistic(Model):
            kind: Literal["logistic"] = "logistic"
            growth_rate: float = Field(0.3, ge=0, le=1)
            """Share a year."""


        class Constant(Model):
            kind: Literal["constant"] = "constant"
            births: int = Field(5, ge=0)
            """Fish a year."""


        class Parameters(Model):
            fishers: int = Field(10, ge=1, le=1000)
            """How many fish here."""
            stock: Annotated[Chosen, FromRoom("populations")] = Field("shoal", validate_default=True)
            """The fish."""
            growth: Logistic | Constant = Field(Logistic(), discriminator="kind")
            """How the stock grows."""
            seasons: tuple[float, ...] = (0.5, 0.5)
            """Length of each season, in years."""


        class Pond:
            accounts_spec = ()
            unit = ""

            def __init__(self, parameters):
                from econsim.game import Box, Role  # only a pond that is built needs torch

                self.parameters = parameters
                stock, share = Box(0, 1, (1,)), Box(0, 1)
                seen = {"features": ("stock",), "feature_units": ("tonnes of fish",)}
                self.roles = {
                    "fisher": Role("fisher", parameters.fishers, stock, share, **seen),
                    "warden": Role("warden", 1, stock, share, leads=True, **seen),
                }

            def to(self, device=None, dtype=None):
                return self
    ''',
    "populations/shoal.py": '''
        """A shoal of equal fish."""

        from econsim.parameters import Model

        __all__ = ["Parameters", "Shoal"]


        class Parameters(Model):
            weight: float = 2.0
            """Kilogrammes a fish."""


        class Shoal:
            def __init__(self, parameters):
                self.parameters = parameters
    ''',
    "agents/angler.py": '''
        """Catches the same every day."""

        from pydantic import Field

        from econsim.parameters import Model

        __all__ = ["Angler", "Parameters"]

        REFERENCES = ("@book{walton1653, title={The Compleat Angler}}",)


        class Parameters(Model):
            catch: int = Field(3, ge=0)
            """Fish a day."""


        class Angler:
            def __init__(self, parameters):
                self.parameters = parameters

            def start(self, game, role, num_envs):
                return None
    ''',
    "planners/quota.py": '''
        """Lets a share of the stock be caught."""

        from pydantic import Field

        from econsim.parameters import Model

        __all__ = ["Parameters", "Quota"]


        class Parameters(Model):
            catch_share: float = Field(0.2, ge=0, le=1)
            """Share of the stock a year."""


        class Quota:
            def __init__(self, parameters):
                self.parameters = parameters

            def start(self, game, role, num_envs): ...

            def act(self, observation, memory, key): ...

            def state_dict(self): ...

            def load_state_dict(self, state): ...
    ''',
    "training/practice.py": '''
        """Practice makes perfect."""

        from pydantic import Field

        from econsim.parameters import Model

        __all__ = ["Parameters", "Practice"]


        class Parameters(Model):
            iterations: int = Field(100, ge=1)
            """How often."""


        class Practice:
            def __init__(self, parameters):
                self.parameters = parameters

            def fits(self, agent):
                return True
    ''',
    "agents/patient_angler.yaml": """
        # Someone with a long rod.
        kind: angler
        catch: 4
    """,
    "agents/clumsy_angler.yaml": """
        # A file with a mistake in its third line.
        kind: angler
        cach: 4
    """,
    "planners/no_fishing.yaml": """
        # Nothing may be caught.
        kind: quota
        catch_share: 0
    """,
    "planners/half.yaml": """
        # Half may be caught.
        kind: quota
        catch_share: 0.5
    """,
    "scenarios/pond.yaml": """
        # A pond with a cautious warden.
        econsim: 1
        economy:
          kind: pond
          fishers: 20
        agents: {fisher: patient_angler}
        planner: half
        baselines: [no_fishing, quota]
        training: practice
        evaluation: {workers: angler, floor: no_fishing, ceiling: half}
        seed: 7
    """,
}


def write_plugin(folder: Path) -> Path:
    """Write the plug-in below ``folder`` and return its package."""
    package = folder / PACKAGE
    for name, text in FILES.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return package
