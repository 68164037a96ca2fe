r"""New Keynesian economy: households save against income risk, prices are sticky, a central bank sets a Taylor rule.

State
    Each household's assets ``[B, N]`` (real public debt, the only asset), productivity (a state of a Markov chain) and
    share of the population; the Taylor rule in force; the size of the shock; public debt per household, constant; the
    nominal rate of debt that falls due; what happened in the last period; time and key. With ``households:
    distribution`` the ``N`` entries are the points of a grid of productivity and assets, whose shares move by Young's
    lottery: the whole population, without sampling noise.

Actions
    ``household``: the share of its resources that it wants to spend, and the hours that it offers at the wage of the
    stationary equilibrium, as a share of ``largest_hours``, each in [0.001, 1]. ``central_bank``: the response of the
    nominal rate to inflation and that to log output, each in [0, ``highest_response``], once per episode or every
    ``review`` periods, in force from the next period on. The path after a shock is unique only above one: a response to
    inflation below 1.05 is refused where it is given, and counts as 1.05 in learning and in search.

Observations
    ``household``: $\log(1 + a / y)$, where $y$ is output of an economy with one representative household, and log
    productivity; shared by all: the two responses of the rule in force, the nominal rate of debt that falls due, the
    last period's inflation, its log wage and log output relative to the stationary equilibrium, the shock of this
    period, that of period 1 once it has arrived, and time, which is also the time since the shock. ``central_bank``:
    what all share.

Dynamics
    An episode starts in the stationary equilibrium. In period 0 the central bank sets its rule; the shock
    $\epsilon_t = \epsilon \rho^{t-1}$ to the rule arrives in period 1 as a surprise; with ``shock_multiples`` its size
    is drawn at random. With gross inflation $1 + \pi$:
    $1 + r_t = (1 + i_{t-1}) / (1 + \pi_t)$ and
    $i_t = r^* + \epsilon_t + \phi \pi_t + \phi_y \log(Y_t / Y^*)$, at least ``lowest_nominal_rate``; $\phi_y$ is the
    response to output, which is that of annual rates, divided by ``periods_per_year``. Firms produce $Y = L$ and set
    prices with quadratic costs of changing them: $\log(1 + \pi_t) = \kappa (w_t - 1/\mu) + F_t$. What they expect,
    $F_t$, is $\log(1 + \pi_{t+1}) (Y_{t+1} / Y_t) / (1 + r_{t+1})$ on the exact path after the shock under the rule in
    force, or, with ``expectations: adaptive``, the share ``inertia`` of $\log(1 + \pi_{t-1}) / (1 + r^*)$. The
    government pays the interest on its debt with a tax that is equal for all, and all own an equal share of the firms:
    the transfer is $T = D - r B$ with profits $D$.

    Hours are those offered times $(w_t / w^*)^{1 / \gamma}$, the response of labour supply at constant consumption.
    A household of productivity $e$ has $x = (1 + r) a + w e h + T$, spends the share that it wants, and keeps the rest
    as debt. Nobody holds more than ``largest_assets``: what is above it is consumed. Output is demand: the wage at
    which demand equals output less costs of changing prices clears all markets. Firms sell only up to the capacity of
    the economy, where the wage is one and a unit of output is worth its marginal cost; where demand exceeds it, all
    buyers get the same share of what they want to spend, and keep the rest. Where the equal tax would take more than
    nine tenths of the resources of the poorest household, the rest of it is in proportion to what is left. Neither
    happens near the stationary equilibrium.

    Where the central bank sets its rule again (``review``), firms and exact households expect, in every period, the
    path on which the rule in force has been in force since the shock.

Rewards
    ``household``: $u(c) - \psi h^{1+\gamma} / (1+\gamma)$ with constant relative risk aversion. ``central_bank``: the
    objective's weights times mean utility, minus squared inflation and minus squared log output relative to the
    stationary equilibrium. Returns are discounted by ``discount``.

Conservation
    $Y = C$ plus costs of changing prices, $\sum_i m_i e_i h_i = Y$, $\sum_i m_i a'_i = B$ and the government's budget,
    in every period; a period in which they do not hold stops the run.

Calibration
    Defaults are those of sequence-jacobian's example of this economy for quarters: public debt of 1.4 times annual
    output, a real rate of 0.5 % per quarter, and a Frisch elasticity of 0.5.

Checks
    Play of the whole population by exact households against the exact path of the solver ``monetary_shock``, which is
    held to sequence-jacobian's (``tests/economies/test_new_keynesian.py``, ``benchmarks/monetary_shock.py``).

References:
    Auclert, Bardóczy, Rognlie and Straub (2021), "Using the Sequence-Space Jacobian to Solve and Estimate
    Heterogeneous-Agent Models", Econometrica 89(5). Taylor (1993), "Discretion versus policy rules in practice",
    Carnegie-Rochester Conference Series on Public Policy 39. Rotemberg (1982), "Sticky Prices in the United States",
    Journal of Political Economy 90(6). Young (2010) for the lottery.
"""

from econsim.economies.new_keynesian.economy import NewKeynesian
from econsim.economies.new_keynesian.parameters import Parameters

__all__ = ["NewKeynesian", "Parameters"]

REFERENCES = (
    "@article{auclert2021sequence, title={Using the Sequence-Space Jacobian to Solve and Estimate Heterogeneous-Agent "
    "Models}, author={Auclert, Adrien and Bard{\\'o}czy, Bence and Rognlie, Matthew and Straub, Ludwig}, "
    "journal={Econometrica}, volume={89}, number={5}, pages={2375--2408}, year={2021}}",
    "@article{taylor1993discretion, title={Discretion versus policy rules in practice}, author={Taylor, John B.}, "
    "journal={Carnegie-Rochester Conference Series on Public Policy}, volume={39}, pages={195--214}, year={1993}}",
    "@article{rotemberg1982sticky, title={Sticky Prices in the United States}, author={Rotemberg, Julio J.}, "
    "journal={Journal of Political Economy}, volume={90}, number={6}, pages={1187--1211}, year={1982}}",
)
