"""Name, title and caption of every figure, in the order of the report."""

from __future__ import annotations

__all__ = ["CAPTIONS"]

CAPTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "episode",
        "An episode in pictures",
        "The map under the scenario's own policy, from the start to the end: trees and stones are units to gather,"
        " houses have their builder's colour, discs are workers. Of more than eight workers, colours mark quarters by"
        " pay a house.",
    ),
    (
        "schedules",
        "Marginal tax rates",
        "The rate on the last unit earned, by income; each step is a tax bracket. The income axis is logarithmic."
        " Where rates change from period to period, these are the last.",
    ),
    (
        "schedules_by_period",
        "Marginal tax rates by tax period",
        "Rates in per cent that the scenario's own policy set for each tax period, by the income at which their bracket"
        " begins.",
    ),
    (
        "houses",
        "Houses by skill",
        "Houses that each worker built in the pictured episode, from the lowest to the highest pay a house.",
    ),
    (
        "coin",
        "Coin over time",
        "What each worker, or quarter of the workers, owns after each step, coin in open bids included; steps down at"
        " the end of a tax period are taxes.",
    ),
    (
        "prices",
        "Prices and trades",
        "Above, the mean price of the trades of the last fifty steps (a gap: nothing was traded); below, units traded"
        " since the start.",
    ),
    (
        "taxes",
        "Incomes, taxes and rebates by tax period",
        "Under the scenario's own policy: income is the change of coin since the last collection, so that buying lowers"
        " it; what is collected is shared out equally among a planner's people.",
    ),
    (
        "hours",
        "Hours worked",
        "Weekly hours of each worker under each schedule; workers stand by what they would earn in a 40-hour week.",
    ),
    (
        "incomes",
        "Incomes before and after taxes",
        "Mean income of each tenth of the workers, from the least to the most able; both axes of money are alike.",
    ),
    (
        "effective_rates",
        "Effective tax rates",
        "Tax paid as a share of income by decile; on the right the equal rebate is taken off, so that negative means"
        " that people receive more than they pay (cut off at -100 %).",
    ),
    (
        "welfare",
        "Welfare under several criteria",
        "How each policy fares under other welfare functions, a head; equality times productivity and Atkinson's"
        " measures do not count the cost of work.",
    ),
    (
        "metrics",
        "Outcomes by policy",
        "The metrics of the table above, one panel each; lines are 95 % intervals over training seeds, where there are"
        " several.",
    ),
    (
        "series",
        "Flows over time",
        "Metrics of flow accounts in each step of the evaluation episodes, means over episodes; steps of the burn-in"
        " are included here and left out of the table.",
    ),
    (
        "outcomes",
        "Outcomes during training",
        "Means of the episodes that ended in an iteration (of five neighbouring ones, and of all seeds), under each"
        " planner that workers were trained under; phases that all of them share come first. Players try things out"
        " while they learn, and the game's parameters may still change, so that scores differ.",
    ),
    (
        "learning",
        "Learning",
        "The return of the scenario's own policy while it was trained (thin lines: single seeds), against the learned"
        " workers and against exact ones: a gap between the two is what the planner would gain from workers' mistakes."
        " Dotted lines mark what the other policies reach; where floor and ceiling are known, they count as 0 and 1.",
    ),
)
