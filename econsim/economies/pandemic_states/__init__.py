r"""Pandemic in the states: governors close their economies, and a federal government pays subsidies.

State
    Each state's susceptible, infected, recovered, vaccinated, dead and unemployed people ``[B, N]``, its levels of
    stringency on the last 600 days, the day from which its governor may choose again, and its output; the federal level
    of the subsidy and what it has paid; the day. The number of people who recovered contains the dead and the
    vaccinated.

Actions
    ``governor``: to keep the level of stringency, or one of the levels 1 (open) to 10 (closed); after a level is set,
    the governor waits for 28 days (``cooldown``). ``federal``: every 90 days (``subsidy_every``), one of 21 levels of a
    subsidy per person. With ``policies: actual`` both follow the history in the data.

Observations
    ``governor``: the shares of the state's people in each group and without work, its output with subsidies, its level
    today and 28 days ago; with ``indicators`` also which state it is; and the calendar of subsidies and vaccines, which
    all share. ``federal``: the means of the nation, and the calendar.

Dynamics
    A step is a day. (1) Governors who are free and the federal government, where it is its turn, act. (2) Among $N$
    people of a state, $\beta S (I / N) (1 - v)$ are infected, with $\beta = a + b s_{t - 29}$, where $s$ is the level
    of stringency; $I / 14$ recover or die, and $V = \min(\text{vaccines}, S)$ are vaccinated, a share $v$ of the
    susceptible. Nobody is infected from another state. 2 % of those who recovered without a vaccination are dead. (3)
    The unemployed, in per cent of the population, are
    $u_0 + \log(1 + \exp \sum_k w_k \sum_{j < 600} \Delta s_{t-j} e^{-j / \lambda_k})$. (4)
    $\max(0, 0.6 N - 0.6 (0.1 I + D) - U)$ people work, each with the output that makes 65,300 USD per person and year
    where all states have level 1 and nobody is ill. (5) Each state gets the subsidy per person times its people; the
    federal government pays it with 3 % interest. The episode is cut off after ``days``.

Rewards
    In each day $\alpha H + (1 - \alpha) E$, where $H$ is minus the day's deaths times the value of a life and $E$ the
    isoelastic utility of the day's output and subsidy, both relative to annual output and then scaled so that their
    lowest and highest values are zero and one. $\alpha$ is each state's inferred weight, its odds multiplied by
    ``health_priority``. ``federal``: the same of the nation, whose output is net of subsidies and interest.

Conservation
    The people of all states, and subsidies paid less those received.

Calibration
    Data and fitted parameters come from a user's folder. Without one, the numbers of the states are made (synthetic):
    drawn at random by ``made_data``, for codes of real states. Where a folder has no bounds of the indices, they are
    their lowest and highest values on any day of an episode in which all states have level 1, or all level 10, without
    subsidies. All other parameters are those of the paper.

Checks
    Every equation against an independent version in numpy, over whole episodes; the final size of the epidemic at a
    constant level against its closed form; loaders and their messages (``tests/economies/pandemic``).

References:
    Trott, Srinivasa, van der Wal, Haneuse and Zheng (2021), "Building a Foundation for Data-Driven, Interpretable, and
    Robust Policy Design using the AI Economist", arXiv 2108.02904.
"""

from econsim.economies.pandemic_states.economy import PandemicStates
from econsim.economies.pandemic_states.parameters import Parameters

__all__ = ["PandemicStates", "Parameters"]

REFERENCES = (
    "@article{trott2021building, title={Building a Foundation for Data-Driven, Interpretable, and Robust Policy Design "
    "using the AI Economist}, author={Trott, Alexander and Srinivasa, Sunil and van der Wal, Douwe and Haneuse, "
    "Sebastien and Zheng, Stephan}, journal={arXiv:2108.02904}, year={2021}}",
)
