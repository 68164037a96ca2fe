"""Figures that the README, the documentation and the change log state, as texts, from the results of benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def result(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))["result"]
    return content


def two_level() -> dict[str, str]:
    found = result("two_level")
    low, high = found["seven_brackets"]["gap_closed_95_percent_interval"]
    shares = {name: f"{100 * found[f'{name}_brackets']['gap_closed_mean']:.1f} %" for name in ("three", "seven")}
    return {**shares, "low": f"{100 * low:.1f}", "high": f"{100 * high:.1f}"}


def overhead() -> dict[str, str]:
    found = result("llm_overhead")
    named = {name.split()[0]: found[name]["cpu_milliseconds_a_call"] for name in found}
    digits = {"recording": 2, "strict": 2, "litellm": 1, "openai": 1}
    return {name: f"{named[name]:.{count}f}" for name, count in digits.items()}


def transcripts() -> dict[str, str]:
    found = result("llm_transcript")
    assert found["cpu_milliseconds_a_call"] < 0.1
    kilobytes = {"stored": found["bytes_a_call"] / 1000, "said": found["characters_a_call"] / 1000}
    milliseconds = {"milliseconds": f"{found['cpu_milliseconds_a_call']:.2f}"}
    return {**milliseconds, **{name: f"{size:.1f}" for name, size in kilobytes.items()}}


def adaptive() -> dict[str, str]:
    found = result("adaptive_choice")
    return {name: f"{100 * found[name]['coverage']:.1f} %" for name in ("held_out", "naive")}


def bimatrix() -> dict[str, str]:
    found = result("bimatrix_games")
    seconds = {name: row["seconds"]["with prices and certificate"] for name, row in found["correlated"].items()}
    seconds["zero_sum"] = found["zero_sum"]["1000x1000"]["seconds"]
    assert found["zero_sum"]["1000x1000"]["largest_gap"] <= 1e-4
    return {name.replace(" ", "_"): f"{value:.2g}" for name, value in seconds.items()}


def speed() -> dict[str, str]:
    found = result("gather_trade_build_speed")
    figures = {"growth_in_workers": f"{found['growth']['exponent_in_workers']:.2f}"}
    figures |= {"growth_in_copies": f"{found['growth']['exponent_in_copies']['100']:.2f}"}
    spreads = []
    for workers in (4, 10, 100):
        row = found[f"workers_{workers}"]
        rates: dict[str, float] = {}
        for name, system in row["systems"].items():
            kind, rate = "_".join(name.split()[:2]), system["env_steps_per_cpu_second"]
            rates[kind] = max(rate, rates.get(kind, 0.0))
            spreads.append(max(system["rounds"]) / min(system["rounds"]))
        figures |= {f"{name}_{workers}": f"{float(f'{rate:.3g}'):,.0f}" for name, rate in rates.items()}
        figures |= {f"{name}_{workers}": f"{size:,}" for name, size in row["bytes_a_copy"].items()}
        for kind in ("kernels", "tensors") if "foundation" in rates else ():
            ratio = rates[f"econsim_{kind}"] / rates["foundation"]
            figures[f"ratio_{kind}_{workers}"] = f"{float(f'{ratio:.2g}'):.0f}"
    return {**figures, "spread": f"{max(spreads):.1f}"}


def alone() -> dict[str, str]:
    found = result("gather_trade_build_speed_alone")
    rows = {workers: found[f"workers_{workers}"] for workers in (4, 10, 100)}
    rates = {workers: row["econsim"]["env_steps_per_cpu_second"] for workers, row in rows.items()}
    return {
        **{f"with_{workers}": f"{float(f'{rate:.3g}'):,.0f}" for workers, rate in rates.items()},
        **{f"copies_{workers}": f"{row['copies']:,}" for workers, row in rows.items()},
    }


def kernel_compilation() -> dict[str, str]:
    return {name: f"{row['float32']:g}" for name, row in result("kernel_compilation")["cpu_seconds"].items()}


def kernel_parity() -> dict[str, str]:
    found = result("kernel_parity")
    assert all(row["whole_numbers_that_differ"] == 0 for row in found.values())
    largest = {name: max(row["largest_difference"].values()) for name, row in found.items()}
    return {
        "economies": str(found["float32"]["economies"]),
        "steps": f"{found['float32']['env_steps']:,}",
        **{name: f"{value:.0e}".replace("e-0", "e-") for name, value in largest.items()},
    }


def coin_game_speed() -> dict[str, str]:
    found = result("coin_game_speed")
    played, learned = found["random_play"]["env_steps_per_cpu_second"], found["training"]
    millions = {name: f"{played[name] / 1e6:.1f}" for name in ("kernels", "tensors")}
    return {**millions, **{name: f"{round(learned[name], -3):,}" for name in learned}}


def money_exchange_speed() -> dict[str, str]:
    found = [row["agent_steps_per_cpu_second"] for row in result("money_exchange_speed").values()]
    return {
        f"{name}_{size}": f"{row[name] / 1e6:.{2 if name == 'mesa' else 0}f}"
        for size, row in zip(("small", "large"), found, strict=True)
        for name in ("kernels", "tensors", "mesa")
    }


def epidemic_speed() -> dict[str, str]:
    found = result("epidemic_speed")
    names = {
        "bare": "kernels, a million",
        "measures": "kernels, a million, isolation and testing",
        "large": "kernels, 8.4 million",
        "slow": "kernels, a million, 60 days of a slower disease",
    }
    rows = {name: found["measured"][key] for name, key in names.items()}
    speed = "agent_steps_per_cpu_second"
    quoted = found["quoted"]["agenttorch, a million"]
    return {
        **{name: f"{row[speed] / 1e6:.0f}" for name, row in rows.items()},
        "slowest": f"{rows['bare']['slowest_day_milliseconds']:.0f}",
        "memory": f"{rows['bare']['playing_gigabytes']:.1f}",
        "most_of_large": f"{rows['large']['peak_gigabytes']:.2f}",
        "memory_of_large": f"{rows['large']['playing_gigabytes']:.1f}",
        "tensors": f"{found['measured']['tensors, 100,000'][speed] / 1e6:.1f}",
        "agenttorch": f"{quoted[speed] / 1e6:.2f}",
        "agenttorch_memory": f"{quoted['peak_gigabytes']}",
    }


def leader_methods() -> dict[str, str]:
    saez = result("leader_methods")["seven_brackets"]["methods"]["saez"]
    return {"saez": f"{100 * saez['gap_closed_mean']:.1f}"}


def epidemic_labour_speed() -> dict[str, str]:
    found = result("epidemic_labour_speed")
    return {name: f"{found[name]['milliseconds_per_day']:.0f}" for name in ("cautious_worker", "archetypes")}


def networks() -> dict[str, str]:
    found = result("networks")
    names = ("small_world", "scale_free", "stochastic_block", "homophilous", "households", "worker_firm")
    peers = {f"nx_{name}": f"{found[name]['networkx_a_tenth_of_the_people']:.1f}" for name in names[:2]}
    most = {"most_from_yaml": f"{max(entry['from_yaml_cpu_seconds'] for entry in found.values()):.1f}"}
    return {name: f"{found[name]['cpu_seconds']:.1f}" for name in names} | peers | most


def coin_game() -> dict[str, str]:
    found = result("coin_game")
    figures = {}
    for part in ("selfish", "team", "planner"):
        share, reward = found[part]["own_colour_share"], found[part]["reward_per_step"]
        figures |= {f"{part}_share": f"{100 * share['mean']:.0f} %", f"{part}_reward": f"{reward['mean']:.3f}"}
        figures[f"{part}_seeds"] = str(share["seeds"])
    low, high = found["planner"]["more_reward_than_selfish"]["interval"]
    return {
        **figures,
        "fine": f"{-found['planner']['payment']['mean']:.1f}",
        "low": f"{low:.2f}",
        "high": f"{high:.2f}",
    }


def four_rooms() -> dict[str, str]:
    found = result("four_rooms")
    names = ("planner", "player", "discounted_visits")
    rows = {payment: " | ".join(f"{row[name]:.3f}" for name in names) for payment, row in found["by_payment"].items()}
    shown = "".join(
        f" | {payment} | {rows[payment]} |" for payment in ("0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "1")
    )
    return {"best": f"{found['best_payment']:g}", "rows": shown.strip()}


def four_rooms_fines() -> dict[str, str]:
    columns = ("total_derivative", "total_derivative_from_best_starts")
    published = ("published_hpgd", "published_amd", "published_zero_order")
    rows = [
        " | ".join(
            [
                f"| {row['temperature']:g} | {row['cost']}",
                *(f"{row[name]:.2f}" for name in columns),
                *(f"{row[name]:.2f} " if name == published[-1] else f"{row[name]:.2f}" for name in published),
            ]
        )
        + "|"
        for row in result("four_rooms_incentives")["rows"]
    ]
    return {"rows": " ".join(rows)}


def training() -> dict[str, str]:
    found = result("training_speed")
    return {name: f"{round(found[name]['env_steps_per_second'], -2):,}" for name in ("compact", "published")}


def training_recipe() -> dict[str, str]:
    found = result("training_recipe")
    speed, plain = (found["env_steps_per_cpu_second"][name] for name in ("econsim", "plain_loop"))
    return {
        "speed": f"{round(speed, -1):,}",
        "plain": f"{round(plain, -1):,}",
        "ratio": f"{found['times_as_fast']:.1f}",
    }


def paired() -> dict[str, str]:
    found = {name: row["welfare"] for name, row in result("paired_errors")["times_smaller"].items()}
    names = {
        "elasticity": "elasticity 0.4 to 0.3 under federal taxes",
        "flat": "federal taxes to flat 30 %",
        "none": "no taxes to flat 30 %",
    }
    return {short: f"{found[name]:.0f}".replace("2", "twice") for short, name in names.items()}


def archetypes() -> dict[str, str]:
    return {"seconds": f"{result('llm_archetypes')['cpu_seconds_a_step']:.1f}"}


def prompts() -> dict[str, str]:
    return {"plain": f"{result('llm_prompts')['plain']['ms_per_worker_and_step']:.2f}"}


def mesa_examples() -> dict[str, str]:
    found = result("mesa_examples")["sugarscape"]

    def shown(name: str, digits: int) -> str:
        each = [found[system][name] for system in ("econsim", "mesa")]
        return " | ".join(f"{row['mean']:.{digits}f} ± {row['standard_error']:.{digits}f}" for row in each)

    rows = {"early": shown("alive_after_25", 1), "late": shown("alive_after_50", 1), "gini": shown("gini_after_50", 3)}
    return {
        **rows,
        **{system: str(found[system]["alive_after_50"]["runs"]) for system in ("econsim", "mesa")},
    }


def agreement() -> dict[str, str]:
    found = result("reference_agreement")
    assert found["episodes_that_agree"] == found["episodes_compared"]
    return {"episodes": str(found["episodes_that_agree"])}


def trained_responses() -> dict[str, str]:
    found = result("trained_responses")
    large = [row["trained"] / row["exact"] for row in found["gains"] if row["exact"] > 0.1]
    return {
        "within": str(found["exact_gain_within_interval"]),
        "cases": str(found["cases"]),
        "lowest": f"{100 * min(large):.0f} %",
        "highest": f"{100 * max(large):.0f} %",
    }


def skewed_coverage() -> dict[str, str]:
    by_size = result("interval_coverage")["coverage"]["lognormal, standard deviation of the logarithm 1"]
    default = min(entry["default"] for size, entry in by_size.items() if int(size) >= 10)
    return {"default": f"{100 * default:.0f} %", "student": f"{100 * by_size['10']['student']:.0f} %"}


def coverage() -> dict[str, str]:
    rows: dict[str, str] = {}
    for shape, by_size in result("interval_coverage")["coverage"].items():
        for method in ("student", "default"):
            shares = " | ".join(f"{100 * entry[method]:.0f} %" for entry in by_size.values())
            rows[f"{shape.split(',')[0]}_{method}"] = shares
    return rows
