"""Names, titles and captions of all figures, in the order of the report."""

from __future__ import annotations

__all__ = ["CAPTIONS", "SCORED"]

SCORED = (
    "hours",
    "incomes",
    "effective_rates",
    "houses",
    "metrics",
    "series",
    "trajectories",
    "episode",
    "coin",
    "prices",
    "taxes",
    "law",
    "network",
)
"""The figures of scores under the first set of workers, which their captions name."""

CAPTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "episode",
        "Map of an episode",
        "Frames of the map under the scenario's own policy, from the start to the end of an episode. Trees and stones"
        " are units of wood and stone to gather, houses have the colour of their builder, and discs are workers. With"
        " more than eight workers, colours mark quartiles of the income per house.",
    ),
    (
        "votes",
        "Votes and winners by tax year",
        "Share of voters, by weight, who put each candidate first under the scenario's own policy. A disc marks the"
        " candidate who was elected.",
    ),
    (
        "hours_over_time",
        "Hours over time by workers",
        "Mean weekly hours at the end of each step or tax year under the scenario's own policy, under each set of"
        " workers under which it was scored. With several episodes, the band holds 90 % of them.",
    ),
    (
        "schedules",
        "Marginal tax rates",
        "Marginal tax rates by income before tax; each step is a tax bracket. The income axis is logarithmic. If rates"
        " change between tax periods, the figure shows those of the last period.",
    ),
    (
        "schedules_by_period",
        "Marginal tax rates by tax period",
        "Marginal tax rates in per cent that the scenario's own policy set in each tax period, by the lower threshold"
        " of their bracket.",
    ),
    (
        "houses",
        "Houses by skill",
        "Houses that each worker built in the recorded episode, in increasing order of income per house.",
    ),
    (
        "coin",
        "Coin over time",
        "Coin of each worker, or of each quartile of workers, after each step, including coin in open bids; drops at"
        " the end of a tax period are taxes.",
    ),
    (
        "prices",
        "Prices and trades",
        "Top: the mean price of trades in the last fifty steps (gaps: no trades). Bottom: the cumulative number of"
        " units traded.",
    ),
    (
        "taxes",
        "Incomes, taxes and rebates by tax period",
        "Under the scenario's own policy. Income is the change of coin since the last tax collection, so that purchases"
        " reduce it; revenue is rebated equally to all workers of a planner.",
    ),
    (
        "hours",
        "Hours worked",
        "Weekly hours of each worker under each schedule, by the income that the worker would earn in a 40-hour week."
        " Lines are under the first set of workers; where there is a second one, dots are the scenario's own policy"
        " under it.",
    ),
    (
        "incomes",
        "Incomes before and after taxes",
        "Mean income by decile of skill; both axes have the same scale.",
    ),
    (
        "effective_rates",
        "Effective tax rates",
        "Tax as a share of income by decile of skill. Second panel: tax net of the equal rebate; negative rates mean"
        " that people receive more than they pay (truncated at -100 %).",
    ),
    (
        "welfare",
        "Welfare under several criteria",
        "Each policy under several social welfare functions, per person; equality times productivity and Atkinson's"
        " measures do not include the cost of work.",
    ),
    (
        "metrics",
        "Outcomes by policy",
        "The metrics of the table above, one panel each; lines are 95 % intervals over training seeds, or over"
        " episodes for a policy with a single seed. A policy without a line has no interval, since nothing varies.",
    ),
    (
        "series",
        "Flows over time",
        "Metrics of flow accounts in each step of the evaluation episodes, means over episodes. The figure includes the"
        " burn-in; the table excludes it.",
    ),
    (
        "trajectories",
        "Metrics over an episode",
        "The main metrics at the end of each step or period of the evaluation episodes: means over episodes and"
        " training seeds, and, where there are several, a band that holds the middle 90 % of them.",
    ),
    (
        "means_by_age",
        "Means by age",
        "Means of the whole population by age, without sampling, in the last period of an episode: one line per policy"
        " and set of households, and the stationary equilibrium before a planner acts. Assets are those at the start of"
        " the period, without bequests.",
    ),
    (
        "law",
        "Distribution and its exact law",
        "Shares of people at the end of an episode, one per training seed, and the law that holds for many people after"
        " many steps (dots). The right panel is the share of people with at least so much, on a logarithmic axis.",
    ),
    (
        "network",
        "Network",
        "People as discs, with an area in proportion to their number of neighbours, and edges as lines; people who"
        " know each other are near each other. Colours are at the end of the first episode under the scenario's own"
        " policy.",
    ),
    (
        "outcomes",
        "Outcomes during training",
        "Means over the episodes that ended in an iteration (moving averages over five iterations, means over seeds),"
        " for each planner under which workers were trained; phases that all policies share come first. These values"
        " differ from the final scores, since policies explore during training and the game's parameters may still"
        " change.",
    ),
    (
        "learning",
        "Learning",
        "The return of the scenario's own policy during training (thin lines: single seeds), under the learned workers"
        " and under workers who play exact best responses: the difference is the planner's gain from workers' mistakes."
        " Dotted lines mark the returns of the other policies; if floor and ceiling are known, they are 0 and 1.",
    ),
)
