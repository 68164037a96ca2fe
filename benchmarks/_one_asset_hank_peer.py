"""Responses to a monetary shock in the one-asset economy of sequence-jacobian. Runs in its environment."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from sequence_jacobian import create_model, grids, hetblocks, simple


def make_grid(rho_e, sd_e, n_e, min_a, max_a, n_a):
    e_grid, pi_e, Pi = grids.markov_rouwenhorst(rho=rho_e, sigma=sd_e, N=n_e)  # noqa: N806
    a_grid = grids.asset_grid(min_a, max_a, n_a)
    return e_grid, pi_e, Pi, a_grid


def equal(pi_e, Div, Tax, e_grid):  # noqa: N803
    T = Div - Tax + 0.0 * e_grid  # noqa: N806
    return T


def proportional(pi_e, Div, Tax, e_grid):  # noqa: N803
    T = (Div - Tax) * e_grid / np.sum(pi_e * e_grid)  # noqa: N806
    return T


def wages(w, e_grid):
    we = w * e_grid
    return we


def labor_supply(n, e_grid):
    ne = e_grid[:, np.newaxis] * n
    return ne


@simple
def firm(Y, w, Z, pi, mu, kappa):  # noqa: N803
    L = Y / Z  # noqa: N806
    Div = Y - w * L - mu / (mu - 1) / (2 * kappa) * (1 + pi).apply(np.log) ** 2 * Y  # noqa: N806
    return L, Div


@simple
def monetary(pi, rstar, phi):
    r = (1 + rstar(-1) + phi * pi(-1)) / (1 + pi) - 1
    return r


@simple
def fiscal(r, B):  # noqa: N803
    Tax = r * B  # noqa: N806
    return Tax


@simple
def nkpc(pi, w, Z, Y, r, mu, kappa):  # noqa: N803
    nkpc_res = kappa * (w / Z - 1 / mu) + Y(+1) / Y * (1 + pi(+1)).apply(np.log) / (1 + r(+1)) - (1 + pi).apply(np.log)
    return nkpc_res


@simple
def markets(A, NE, C, L, Y, B, pi, mu, kappa):  # noqa: N803
    asset_mkt = A - B
    labor_mkt = NE - L
    goods_mkt = Y - C - mu / (mu - 1) / (2 * kappa) * (1 + pi).apply(np.log) ** 2 * Y
    return asset_mkt, labor_mkt, goods_mkt


@simple
def nkpc_ss(Z, mu):  # noqa: N803
    w = Z / mu
    return w


def solved(rule, job):
    household = hetblocks.hh_labor.hh.add_hetinputs([make_grid, rule, wages]).add_hetoutputs([labor_supply])
    blocks = [household, firm, monetary, fiscal, markets]
    fixed = {"rho_e": 0.966, "sd_e": 0.5, "n_e": 7, "min_a": 0.0, "max_a": 150.0, "n_a": 500}
    fixed |= {"eis": 0.5, "frisch": 0.5, "Y": 1.0, "Z": 1.0, "pi": 0.0, "mu": 1.2, "kappa": 0.1}
    fixed |= {"rstar": 0.005, "phi": 1.5, "B": 5.6}
    steady = create_model([*blocks, nkpc_ss]).solve_steady_state(
        fixed, {"beta": 0.986, "vphi": 0.8}, {"asset_mkt": 0.0, "labor_mkt": 0.0}, solver="hybr"
    )
    model = create_model([*blocks, nkpc])
    steady = model.steady_state(steady)  # with the outputs of the Phillips curve
    shock = {"rstar": job["size"] * job["persistence"] ** np.arange(job["periods"])}
    unknowns, targets = ["pi", "w", "Y"], ["nkpc_res", "asset_mkt", "labor_mkt"]
    seconds = []
    for _ in range(2):  # the first compiles
        start = time.process_time()
        linear = model.solve_impulse_linear(steady, unknowns, targets, shock)
        seconds.append(time.process_time() - start)
    exact = model.solve_impulse_nonlinear(steady, unknowns, targets, shock, verbose=False)
    names = {"output": "Y", "inflation": "pi", "wage": "w", "interest_rate": "r", "consumption": "C"}
    shown = job["shown"]
    return {
        "discount": float(steady["beta"]),
        "labour_weight": float(steady["vphi"]),
        "cpu_seconds_linear": seconds[-1],
        "linear": {name: linear[theirs][:shown].tolist() for name, theirs in names.items()},
        "exact": {name: exact[theirs][:shown].tolist() for name, theirs in names.items()},
    }


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    result = {"equal": solved(equal, job), "proportional": solved(proportional, job)}
    Path(job["output"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
