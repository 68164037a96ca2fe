"""Figures in the README, the documentation and the change log are those of the committed results of benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stated_figures as figures
import stated_macro_figures as macro
import stated_tax_figures as taxes

SENTENCES = (
    (
        "docs/kernels.md",
        figures.kernel_parity,
        "{economies} random economies ({steps} environment steps) in both precisions: no whole number differs, and"
        " other numbers by at most {float32} and {float64}",
    ),
    *(("docs/tax_comparison.md", found, sentence) for found, sentence in taxes.SENTENCES),
    (
        "docs/coming_from/ai_economist.md",
        taxes.comparison,
        "over four seeds its planner is {lead} above Saez's formula",
    ),
    ("CHANGELOG.md", taxes.comparison, "the planner is {lead} above Saez's formula, whose elasticity is estimated"),
    (
        "docs/economies/bewley.md",
        macro.consumer_finances,
        "mean assets are {weighted_mean} million dollars and their Gini index is {weighted_gini} with weights, and"
        " {unweighted_mean} million and {unweighted_gini} without",
    ),
    (
        "docs/economies/bewley.md",
        macro.consumer_finances,
        "the Gini index ({gini}) and the shares of the top tenth ({top_tenth}) and hundredth ({top_hundredth}) of 2022",
    ),
    (
        "docs/economies/legacy_taxai.md",
        macro.legacy_parity,
        "In {years} years the largest relative difference is {difference}, and all episodes end in the same year",
    ),
    *(("docs/economies/legacy_taxai.md", macro.legacy_rows, f"{{row_{number}}}") for number in range(10)),
    (
        "README.md",
        figures.two_level,
        "the learned planner closes {seven} of the welfare gap between the free market and the searched optimum (95 %"
        " interval {low} to {high})",
    ),
    (
        "README.md",
        figures.speed,
        "with map and auctions: on one core, compiled [kernels](docs/kernels.md) play it {ratio_kernels_4} times as"
        " fast as the original, tensors {ratio_tensors_4} times",
    ),
    (
        "docs/coming_from/ai_economist.md",
        figures.speed,
        "makes {ratio_tensors_4} times as many steps per CPU-second with four workers on tensors, and {ratio_kernels_4}"
        " times as many on kernels",
    ),
    (
        "docs/economies/real_business_cycle.md",
        macro.real_business_cycle,
        "{hours} hours a quarter with seed 42 and {other_hours} with seed 43",
    ),
    (
        "docs/economies/real_business_cycle.md",
        macro.real_business_cycle,
        "a consumer gains {consumer} % of its return (95 % interval {low} to {high}), a firm {firm} % and the"
        " government {government} %, with no income tax and a corporate tax of {corporate} %",
    ),
    (
        "docs/economies/bewley.md",
        macro.monetary_shock,
        "econsim finds {rate} % and {output}. The shock lowers output by {impact} % in period 0 in both, and a"
        " representative household's by {single} % to first order",
    ),
    (
        "docs/economies/bewley.md",
        macro.monetary_shock,
        "differs by more than {exact} % of its largest response, nor by more than {linear} % to first order",
    ),
    (
        "docs/economies/new_keynesian.md",
        macro.monetary_policy,
        "Output falls by {default} % in period 1 under the default rule, by {taylor} % under Taylor's, and by"
        " {strong} % with responses of 5 and 5, the strongest that can be set. That rule is worth {gain} % of"
        " consumption over 40 periods, compared with the default rule; a response of 1.05 to inflation alone"
        " costs {weak} %",
    ),
    (
        "docs/economies/new_keynesian.md",
        macro.monetary_policy,
        "over {seeds} seeds and without a shock, output is off its stationary level by {least} to {most} % on average,"
        " and by {exact} % under exact households",
    ),
    ("docs/leaders.md", figures.two_level, "two-level training closes {seven} and {three} in one to two CPU minutes"),
    ("CHANGELOG.md", figures.two_level, "closes {three} of the welfare gap with three brackets and {seven} with seven"),
    (
        "docs/certificate.md",
        figures.trained_responses,
        "within the 95 % interval of the trained one in {within} of {cases} cases (pairs of PPO policies after 60"
        " iterations, deviations trained for 60; `benchmarks/results/trained_responses.json`). Measured gains above 0.1"
        " are {lowest} to {highest} of the exact ones",
    ),
    ("docs/sweeps.md", figures.adaptive, "held-out intervals cover the truth in {held_out}, the naive ones in {naive}"),
    (
        "docs/language_models.md",
        figures.overhead,
        "One call takes {recording} ms of CPU time in econsim at 64 concurrent calls, including store and ledger, and"
        " {strict} ms in a replay; litellm takes {litellm} ms and the openai client {openai} ms",
    ),
    (
        "docs/language_models.md",
        figures.transcripts,
        "questions of {said} kB with 50 steps of history take {stored} kB each, and {milliseconds} ms of CPU time",
    ),
    (
        "docs/economies/gather_trade_build.md",
        figures.speed,
        "on which rounds of one system differ by up to a factor of {spread}",
    ),
    (
        "docs/economies/gather_trade_build.md",
        figures.speed,
        "| 4 | {econsim_kernels_4} | {econsim_tensors_4} | {foundation_4} | {ratio_kernels_4} | {econojax_published_4}"
        " and {econojax_own_4} | {state_4} and {observations_4} |"
        " | 10 | {econsim_kernels_10} | {econsim_tensors_10} | {foundation_10} | {ratio_kernels_10} |"
        " {econojax_published_10} and {econojax_own_10} | {state_10} and {observations_10} |"
        " | 100 | {econsim_kernels_100} | {econsim_tensors_100} | not run | | not run | {state_100} and"
        " {observations_100} |",
    ),
    (
        "docs/economies/gather_trade_build.md",
        figures.speed,
        "Cost grows a little less than in proportion to workers (exponent {growth_in_workers} from 4 to 100) and to"
        " copies ({growth_in_copies} from 16 to 4,096 with 100 workers)",
    ),
    (
        "docs/economies/bewley.md",
        macro.savers,
        "all 24 cells of Aiyagari's Table II, with errors of {mean} percentage points on average and {largest} at most."
        " An equilibrium with 500 grid points and 7 states takes {fast} to {slow} CPU-seconds, {least} to {most} times"
        " less than sequence-jacobian takes in the same run (on a busy machine). The response of capital"
        " to productivity over 300 periods takes {jacobian}, {jacobian_ratio} times less, and agrees with it within"
        " 0.02 %",
    ),
    (
        "benchmarks/README.md",
        figures.epidemic_speed,
        "{bare} over a whole epidemic; 80 with isolation and testing; 8.4 million people in 2 GB, not"
        " quite: {most_of_large} while",
    ),
    (
        "benchmarks/README.md",
        figures.kernel_compilation,
        "15 s of CPU for Gather-Trade-Build in float32: {gather_trade_build_two_level} on a machine under load",
    ),
    (
        "benchmarks/README.md",
        figures.money_exchange_speed,
        "220 and 130 million agent-steps a CPU-second; {kernels_small} and {kernels_large} on a machine under load",
    ),
    (
        "benchmarks/README.md",
        figures.networks,
        "3 s of CPU; {worker_firm} to {scale_free} s on a machine under load",
    ),
    (
        "benchmarks/README.md",
        figures.skewed_coverage,
        "{default} from 10 lognormal values on, where Student's t has {student} |",
    ),
    (
        "benchmarks/README.md",
        figures.leader_methods,
        "above the Saez fixed point, {saez} % with seven brackets",
    ),
    (
        "benchmarks/README.md",
        taxes.comparison,
        "prices of {least_price} to {most_price} and {least_volume} to {most_volume} units with four seeds",
    ),
    (
        "benchmarks/README.md",
        macro.mean_field,
        "at the optimum of the search ({below} % of consumption below it), and a return within 1 % of that with four"
        " times the budget ({more} % in the mean of three seeds, {most_more} % with one of them)",
    ),
    (
        "benchmarks/README.md",
        macro.savers,
        "0.10 on average; 0.1 s after warm-up: {fast} to {slow} s; 0.06 s for the response: {jacobian} s",
    ),
    (
        "benchmarks/README.md",
        macro.legacy_speed,
        "1,000 years a CPU-second with 1,000 households: {thousand_kernels} on kernels, {thousand} by tensors; 250 with"
        " 10,000: {ten_thousand_kernels} and {ten_thousand}; 30,000 with 64 economies of 100: {copies_kernels} and"
        " {copies} |",
    ),
    *(
        (page, macro.bewley_speed, sentence)
        for page, sentence in (
            (
                "docs/economies/bewley.md",
                "| 1 x 1,000 | {thousand_kernels} | {thousand_tensors} | {thousand_TaxAI} | | 1 x 10,000 |"
                " {ten_thousand_kernels} | {ten_thousand_tensors} | {ten_thousand_TaxAI} | | 1,024 x 100 |"
                " {copies_kernels} | {copies_tensors} | |",
            ),
            ("README.md", "kernels make {thousand_times} times as many steps per CPU-second as TaxAI's program"),
            (
                "docs/economies/bewley.md",
                "{thousand_times} and {ten_thousand_times} times as many on kernels as TaxAI's program",
            ),
            (
                "benchmarks/README.md",
                "5,000 steps a CPU-second with 1,000 households: {thousand_kernels} on kernels; 800 with 10,000:"
                " {ten_thousand_kernels}; 100,000 with 1,024 copies of 100: {copies_kernels} |",
            ),
        )
    ),
    (
        "docs/economies/bewley.md",
        macro.capital_tax,
        "The reform is worth {announced_5_gain} % of consumption to a household that does not know its state, and"
        " {announced_5_winners} % of households gain; without the announcement it is {surprise_gain} % and"
        " {surprise_winners} %. The comparison of steady states gives {surprise_steady_state_gain} % in both cases",
    ),
    (
        "docs/economies/bewley.md",
        macro.pension_reform,
        "contributions of {contribution} % pay for a replacement rate of 40 %. Without the pension capital is"
        " {capital} % higher, the interest rate is {after} instead of {before} %, and a newborn who does not know its"
        " productivity is better off by {gain} % of consumption",
    ),
    (
        "docs/economies/bewley.md",
        macro.pension_reform,
        "{winners} % of the people of period 0 gain, none of them older than {oldest}, and those who have just retired"
        " lose {retiring} % of consumption. The newborn of period 0 gain {now} %",
    ),
    (
        "docs/economies/bewley.md",
        macro.generation_debt,
        "debt of {owed} % of a year's output takes the place of {capital} % of capital, and raises the interest rate"
        " from {before} to {after} %. All people of period 0 gain, {least} % of consumption at least, and those who"
        " are born in the end lose {lost} %",
    ),
    (
        "docs/economies/bewley.md",
        macro.generation_debt,
        "those who have just retired lose {known_65} instead of {sudden_65} % of consumption, and {known} instead of"
        " {sudden} % of the people of period 0 gain",
    ),
    (
        "docs/economies/bewley.md",
        macro.aiyagari_learned,
        "in at most {seconds} CPU-seconds with three seeds they lose {loss} % of consumption against the exact policy"
        " at exact prices, and where prices clear the interest rate is {rates} instead of {exact} %",
    ),
    (
        "docs/economies/bewley.md",
        macro.aiyagari_learned,
        "Their mean assets at exact prices differ from exact ones by {assets} %",
    ),
    (
        "docs/economies/bewley.md",
        macro.life_cycle_learned,
        "In the scenario, after at most {seconds} CPU-seconds of training with two seeds, a best response would add"
        " {mean} % of consumption for a household, and {least} to {most} % by group of ages. In the last period"
        " assets differ by {assets} % from those of exact households",
    ),
    (
        "docs/economies/bewley.md",
        macro.huggett_life_cycle,
        "capital is {ratio} times output, the Gini index of wealth {gini} and the share of the richest hundredth"
        " {top} %",
    ),
    (
        "docs/economies/bewley.md",
        macro.krusell_smith,
        "log K' = {good_a} + {good_b} log K in good times (published: 0.095 and 0.962) and {bad_a} + {bad_b} log K in"
        " bad ones (0.085 and 0.965), an R squared of at least {explained} (0.999998) and a wealth Gini of {gini}"
        " (0.25). The largest error of a forecast over all periods is {error} %, in {seconds} CPU-seconds",
    ),
    (
        "docs/economies/bewley.md",
        macro.huggett,
        "the rate is {year} % a year, {below} percentage points below the rate of time preference (in the paper more"
        " than one point). At limits of 2, 4, 6 and 8 endowments pure credit has rates of {converged} %",
    ),
    (
        "docs/economies/bewley.md",
        macro.huggett,
        "| limit on the value of loans today instead of on claims | {value} |"
        " | discount factor $0.96^{{1/6}}$ instead of 0.99322 | {discount} |"
        " | 800 grid points up to 30 instead of 400 up to 20 | {grid} |"
        " | 20 equally spaced grid points | {twenty} |"
        " | capital of a hundredth of output | {capital} |"
        " | decision rules stopped where consumption changes by 0.01, 0.01, 0.002, 0.0015 | {stopped} |",
    ),
    (
        "docs/economies/bewley.md",
        macro.krusell_smith_in_play,
        "Over {copies} episodes of {periods} quarters in play, it is log K' = {good_a} + {good_b} log K in good times"
        " and {bad_a} + {bad_b} log K in bad ones, with an R squared of at least {explained}",
    ),
    (
        "docs/economies/bewley.md",
        macro.mean_field,
        "With the budget of the scenario, at most {seconds} CPU-seconds, and five seeds, a best response would add"
        " {least} to {most} % of consumption for a household under the learned policy. Under the status quo, assets are"
        " {nearest} to {farthest} % below the exact equilibrium after 50 years. Under exact households the learned"
        " policies change welfare by {worst} to {best} % of consumption, and the best constant policy of the exact"
        " search by {optimum} % (`benchmarks/mean_field.py`). With four times the budget and three of these seeds, the"
        " government's return under the households that it learned with is {more} % higher in the mean (by seed"
        " {more_by_seed} %), and {less_under_exact} % lower under exact households",
    ),
    (
        "docs/economies/bewley.md",
        macro.mean_field,
        "| policy | welfare, % of consumption | 95 % interval of the mean | |---|---|---| {rows}",
    ),
    (
        "docs/economies/bewley.md",
        macro.mean_field,
        "its households lose {lost_by_ppo} % of consumption against a best response,",
    ),
    ("docs/economies/bewley.md", macro.aggregates, "{moments} {quantiles} {embedding}"),
    (
        "docs/economies/sugarscape.md",
        figures.mesa_examples,
        "| mean over runs, this map | econsim, {econsim} copies | Mesa 3.3.1, {mesa} seeds | |---|---|---|"
        " | traders alive after 25 steps | {early} | | traders alive after 50 steps | {late} |"
        " | Gini of the living after 50 steps | {gini} |",
    ),
    (
        "docs/economies/gather_trade_build.md",
        figures.alone,
        "econsim alone made {with_4}, {with_10} and {with_100} steps per CPU-second"
        " with 4, 10 and 100 workers, in {copies_4}, {copies_10} and {copies_100} copies",
    ),
    (
        "docs/kernels.md",
        figures.kernel_compilation,
        "With float32, it takes {gather_trade_build_two_level} CPU-seconds for Gather-Trade-Build, {epidemic} for the"
        " epidemic, {money_exchange} for the money exchange and {coin_game} for the coin game",
    ),
    (
        "docs/economies/normal_form.md",
        figures.bimatrix,
        "`correlated` takes {20x20_ce} CPU-seconds for two players with 20 random options each, {40x40_ce} with 40 and"
        " {60x60_ce} with 60; coarse equilibria take {20x20_cce}, {40x40_cce} and {60x60_cce}",
    ),
    (
        "docs/economies/normal_form.md",
        figures.bimatrix,
        "`regret_matching` solves a zero-sum game of 1,000 by 1,000 options up to a gap of 1e-4 in {zero_sum}.",
    ),
    (
        "docs/economies/coin_game.md",
        figures.coin_game_speed,
        "With 1,024 copies on one core, kernels play {kernels} million environment steps per CPU-second, observations"
        " included, and tensors {tensors} million. PPO on kernels plays and learns from {two_passes} with the settings"
        " of the scenario, and from {one_pass} with one pass over each batch and one hidden layer",
    ),
    (
        "docs/economies/money_exchange.md",
        figures.money_exchange_speed,
        "they play {kernels_small} million agent-steps per CPU-second among 100,000 people and {kernels_large} million"
        " among a million, where tensors play {tensors_small} and {tensors_large} million, and Mesa {mesa_small} and"
        " {mesa_large} million in the same run",
    ),
    (
        "docs/economies/epidemic.md",
        figures.epidemic_speed,
        "is played at {bare} million agent-steps per CPU-second (the slowest day takes {slowest} milliseconds), at"
        " {measures} million with isolation and testing, and at {large} million among 8.4 million people of degree 4;"
        " 60 days of a slower disease, of which few are infectious at once, at {slow} million. The process holds"
        " {memory} and {memory_of_large} GB while it plays, libraries included. Tensors play {tensors} million"
        " (`benchmarks/epidemic_speed.py`, on a machine under load). AgentTorch was measured earlier on a similar"
        " machine, at {agenttorch} million agent-steps and {agenttorch_memory} GB",
    ),
    (
        "docs/economies/epidemic.md",
        figures.epidemic_labour_speed,
        "a day of a million people takes {cautious_worker} milliseconds with cautious workers and {archetypes} with"
        " archetypes",
    ),
    (
        "docs/networks.md",
        figures.networks,
        "it takes {small_world} CPU-seconds (small world), {scale_free} (scale-free), {stochastic_block} (stochastic"
        " blocks), {homophilous} (homophilous), {households} (households) and {worker_firm} (workers and firms);"
        " networkx takes {nx_small_world} and {nx_scale_free} for a tenth of the people in the first two. From the YAML"
        " of a scenario to the initial state of a million people it takes at most {most_from_yaml} CPU-seconds with",
    ),
    (
        "docs/economies/coin_game.md",
        figures.coin_game,
        "Selfish players take {selfish_share} of their coins in their own colour and earn {selfish_reward} a step"
        " ({selfish_seeds} training seeds); a team {team_share} and {team_reward} ({team_seeds}); players under a"
        " learned fine, of {fine} on average, {planner_share} and {planner_reward} ({planner_seeds}). In the same"
        " episodes, they earn more than selfish players of the same seeds, with a 95 % interval of {low} to {high}",
    ),
    ("docs/economies/four_rooms.md", figures.four_rooms, "the best payment, in hundredths, is {best}"),
    ("docs/economies/four_rooms.md", figures.four_rooms, "{rows}"),
    ("docs/economies/four_rooms.md", figures.four_rooms_fines, "{rows}"),
    ("docs/economies/gather_trade_build.md", figures.agreement, "agrees step by step in {episodes} complete episodes"),
    (
        "docs/training.md",
        figures.training_recipe,
        "trains at {speed} environment steps per CPU-second on one core, {ratio} times as many as a plain loop on the"
        " same kernels, {plain},",
    ),
    (
        "docs/training.md",
        figures.training,
        "a compact network trains at {compact} environment steps per CPU-second with one pass over each rollout, the"
        " published recurrent one at {published}",
    ),
    (
        "docs/counterfactuals.md",
        figures.paired,
        "errors are {elasticity} times smaller when the elasticity falls from 0.4 to 0.3 under federal taxes, {flat}"
        " times for federal taxes against a flat 30 %, and {none} for no taxes against a flat 30 %",
    ),
    (
        "docs/llm_agents.md",
        figures.archetypes,
        "for a million workers econsim itself takes {seconds} s of CPU time per step",
    ),
    ("docs/llm_agents.md", figures.prompts, "{plain} ms of CPU per worker and step at 50 remembered steps"),
    (
        "docs/metrics.md",
        figures.coverage,
        "| Student's t | {lognormal_student} | | | default | {lognormal_default} |"
        " | exponential | Student's t | {exponential_student} | | | default | {exponential_default} |"
        " | normal | Student's t | {normal_student} | | | default | {normal_default} |",
    ),
)


@pytest.mark.parametrize(("page", "found", "sentence"), SENTENCES)
def test_a_page_states_the_figures_of_the_results(
    page: str, found: Callable[[], dict[str, str]], sentence: str
) -> None:
    text = " ".join((figures.ROOT / page).read_text("utf-8").split())
    assert sentence.format(**found()) in text


def methods() -> dict[str, dict[str, Any]]:
    found = figures.result("leader_methods")
    return {name: found[f"{name}_brackets"]["methods"] for name in ("seven", "three")}


@pytest.mark.parametrize(
    ("row", "method"),
    [
        ("CMA-ES, polished or not", "search_cma_es"),
        ("CMA-ES, polished or not", "search_both"),
        ("coordinate search", "search_coordinate"),
        ("soft choices, drawn on the grid", "soft_drawn"),
        ("soft choices, averaged, hours continuous", "soft"),
        ("Bayesian search, 150 candidates per fit", "search_bayesian"),
        ("unrolled", "unrolled"),
        ("Saez's formula at the midpoints of brackets (`method: kernel`)", "saez"),
        ("Saez's formula for the rates of brackets (the default)", "saez_brackets"),
        ("implicit", "implicit"),
        ("two-level training", "two_level"),
        ("simultaneous PPO", "ppo_simultaneous"),
    ],
)
def test_the_table_of_leader_methods_states_the_results(row: str, method: str) -> None:
    page = (figures.ROOT / "docs" / "leaders.md").read_text("utf-8")
    (cells,) = [line.split(" | ")[1:] for line in page.splitlines() if line.startswith(f"| {row} | ")]
    for cell, by_method in zip(cells, methods().values(), strict=True):
        found = by_method[method]
        mean, least = (f"{100 * share:.1f}" for share in (found["gap_closed_mean"], min(found["gap_closed_by_seed"])))
        # A formula's share is the same under every seed, and stands alone.
        assert cell.rstrip(" |") in (f"{mean} % ({least})", f"{mean} %" if mean == least else None)
