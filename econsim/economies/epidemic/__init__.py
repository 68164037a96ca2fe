"""Epidemic: a contagious disease that passes between people on a contact network, and the measures against it.

State
    The stage of each person ``[B, N]`` (susceptible, exposed, infected, recovered or dead, a whole number) and the
    days since its exposure; who stays at home, days of quarantine and days until the result of a test, and who is
    vaccinated, for those measures that there are; the people in each stage ``[B, 5]``, what happened in the last
    day ``[B, 6]``, the largest number of infected people so far, and the measures in force ``[B, K]``; time, and
    the random key. With ``labour``: money, propensities to work and to consume, work and purchases of each person
    ``[B, N]``; money of the firm and of the treasury, its inventory, price, wage and interest rate ``[B]``.

Actions
    ``person``: to go out or to stay at home, every ``isolation.every`` days, where ``isolation.decided_by: people``;
    with ``labour``, the propensities to work and to consume in steps of 25 %, every ``labour.every`` days. ``planner``,
    where there is one: the level of each measure in [0, 1] (isolation advice, testing, vaccination, stimulus, income
    tax), every ``planner.every`` days.

Observations
    ``person``: whether it is infected, recovered, at home, in quarantine, vaccinated, and its age; and the news: shares
    of infected, recovered and dead people and the measures in force. ``planner``: time, positive tests of the last day,
    and the news. Nobody observes who is exposed.

Dynamics
    In each day: 1. The planner sets measures, and people decide whether to stay at home: on their own, or, with
    ``compliance``, on the advice in force. 2. A day of quarantine passes, results of tests arrive, and most people with
    a positive one go into quarantine. 3. Each contact of an infectious with a susceptible person infects it with
    probability $1 - exp(-R w_k b / c)$, with the reproduction number $R$ of the week, the share $w_k$ of all
    infectiousness that falls on the day $k$ after exposure, the weight $b$ of the contact (times the relative
    intensity of contacts between the age groups, the susceptibility of the age group, and 1 - ``efficacy`` of a
    vaccine), and the mean $c$ of what a person's contacts add up to. Contacts of people at home or in quarantine do not
    take place, except in a layer ``household`` of the network. Without a network everybody meets everybody: the risk
    adds up over all infectious people, in proportion to the contact matrix. 4. Exposed people are infected after
    ``exposed_days``, and recover or die after ``infected_days`` more. 5. Tests and vaccines are given to people drawn
    at random. The episode is cut off after ``horizon`` days.

    With ``labour``, between 2. and 3.: at the start of a period the treasury pays stimulus, interest on money, and
    taxes less benefits in equal parts, and the firm pays out as dividends what exceeds the wages of ``working_days``. A
    person looks for work with its propensity; who is infected, or away and cannot work from home, does not. The firm
    hires as many as it needs to meet expected sales and to adjust its inventory, as long as it can pay them, pays the
    wage, of which the tax is withheld, and the treasury pays the others a benefit. Each person spends its propensity to
    consume times ``daily_spending`` of its money on whole goods, as long as there are any. At the end of a period,
    price and wage rise by their speed times (demand - supply) / max(demand, supply), and the interest rate is set by
    the rule of Taylor. A dead person's money goes to the treasury. Contacts in a layer ``workplace`` of the network
    take place only between people who work.

    $w_k$ is the mass of day $k$ of a gamma distribution times the infectiousness of the stage, scaled to sum to one.

Rewards
    ``person``: minus ``costs`` of an infection, of death, and of a day at home or in quarantine; with ``labour`` also
    ``consumption_value`` times ln(1 + goods bought) minus ``work_cost`` of a day of work. ``planner``: the mean
    reward of people minus the costs of tests and vaccines, per person.

Conservation
    The number of people in all stages together. With ``labour``, exactly: the money of people, the firm and the
    treasury together, which may owe; and the inventory plus goods sold minus goods produced.

Calibration
    The stages, their infectiousness and the gamma distribution are those of the epidemic model of AgentTorch (Chopra et
    al. 2024), with two differences: a weekly reproduction number acts in its own week only, and isolation of an
    infectious person protects others. Work, wages, prices and the interest rate follow the mechanisms of its labour
    model; unlike there, income is earned by work, and every payment has a payer and a payee. Mortality, measures and
    the parameters of labour are illustrative: they are fitted to no data.

Checks
    With $s$ the share that escapes and $e$ the share exposed at the start, a well-mixed epidemic ends at
    $s = (1 - e) exp(-R (1 - s))$ (Kermack and McKendrick 1927), and one in a random network with Poisson degrees of
    mean $c$ at the same equation with $c (1 - exp(-R / c))$ for $R$ (Newman 2002). An infected person infects $R$
    people on average, and an epidemic grows at the rate $r$ with $R sum_k w_k exp(-r (k + 1)) = 1$ (Euler and Lotka).
    If a share $h$ stays at home at random, the first generation is $(1 - h)^2 R$. Final sizes by age group and by
    vaccination solve the equations of multi-group epidemics (``tests/economies/epidemic``).

References:
    Chopra, Kumar, Giray-Kuru, Raskar and Quera-Bofarull (2024), "On the limits of agency in agent-based models",
    arXiv:2409.10568; Kermack and McKendrick (1927), "A contribution to the mathematical theory of epidemics",
    Proceedings of the Royal Society A 115; Newman (2002), "Spread of epidemic disease on networks", Physical Review E
    66; Diekmann, Heesterbeek and Metz (1990), "On the definition and the computation of the basic reproduction ratio",
    Journal of Mathematical Biology 28; Taylor (1993), "Discretion versus policy rules in practice", Carnegie-Rochester
    Conference Series on Public Policy 39; Mossong et al. (2008), "Social contacts and mixing patterns relevant to the
    spread of infectious diseases", PLoS Medicine 5.
"""

from econsim.economies.epidemic.economy import Epidemic
from econsim.economies.epidemic.parameters import Parameters

__all__ = ["Epidemic", "Parameters"]

REFERENCES = (
    "@article{chopra2024limits, title={On the limits of agency in agent-based models}, author={Chopra, Ayush and "
    "Kumar, Shashank and Giray-Kuru, Nurullah and Raskar, Ramesh and Quera-Bofarull, Arnau}, "
    "journal={arXiv preprint arXiv:2409.10568}, year={2024}}",
    "@article{kermack1927contribution, title={A contribution to the mathematical theory of epidemics}, "
    "author={Kermack, William Ogilvy and McKendrick, Anderson G.}, journal={Proceedings of the Royal Society A}, "
    "volume={115}, pages={700--721}, year={1927}}",
    "@article{newman2002spread, title={Spread of epidemic disease on networks}, author={Newman, Mark E. J.}, "
    "journal={Physical Review E}, volume={66}, pages={016128}, year={2002}}",
)
