"""The published Gather-Trade-Build configuration, as arguments of Foundation 1.7.1.

The values are those of the two published training files (phases one and two), without the annealing of taxes and labour
costs, which is part of training. The module is imported by econsim's benchmarks and by the scripts that run in
Foundation's environment.
"""

from __future__ import annotations

from typing import Any

FEDERAL_RATES = (0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)
TAXES: dict[str, dict[str, Any]] = {
    "free_market": {"disable_taxes": True},
    "us_federal": {"tax_model": "us-federal-single-filer-2018-scaled"},
    "random_planner": {"tax_model": "model_wrapper", "rate_disc": 0.05},
}


def configuration(workers: int, taxes: str, episode_length: int = 1000, period: int = 100) -> dict[str, Any]:
    """Return the keyword arguments of Foundation's ``make_env_instance``; ``taxes`` is a name of ``TAXES``."""
    auction = {"max_bid_ask": 10, "order_labor": 0.25, "order_duration": 50, "max_num_orders": 5}
    brackets = {"period": period, "bracket_spacing": "us-federal", "usd_scaling": 1000}
    return {
        "scenario_name": "layout_from_file/simple_wood_and_stone",
        "components": [
            {"Build": {"skill_dist": "pareto", "payment_max_skill_multiplier": 3, "payment": 10, "build_labor": 10}},
            {"ContinuousDoubleAuction": auction},
            {"Gather": {"skill_dist": "pareto", "move_labor": 1, "collect_labor": 1}},
            {"PeriodicBracketTax": {**brackets, **TAXES[taxes]}},
        ],
        "n_agents": workers,
        "world_size": [25, 25],
        "episode_length": episode_length,
        "multi_action_mode_agents": False,
        "multi_action_mode_planner": True,
        "env_layout_file": "quadrant_25x25_20each_30clump.txt",
        "fixed_four_skill_and_loc": True,
        "planner_gets_spatial_info": False,
        "starting_agent_coin": 0,
        "isoelastic_eta": 0.23,
        "energy_cost": 0.21,
        "flatten_observations": True,
        "flatten_masks": True,
    }
