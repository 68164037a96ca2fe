"""The accounts table: one row a policy, response, seed and player; one column an account variable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from econsim.runs.scoring import Score
from econsim.storage.files import appearing

__all__ = ["write_accounts"]


def write_accounts(path: Path, scores: Sequence[Score]) -> None:
    """Write the players' accounts of every score."""
    tables = [_table(score) for score in scores if score.accounts]
    if not tables:
        return
    with appearing(path) as file:
        pq.write_table(pa.concat_tables(tables, promote_options="default"), file)


def _table(score: Score) -> pa.Table:
    players = max(len(values) for values in score.accounts.values())
    own = {name: values for name, values in score.accounts.items() if len(values) == players}
    return pa.table(
        {
            "policy": [score.policy] * players,
            "response": [score.response] * players,
            "seed": [score.seed] * players,
            "player": np.arange(players),
            **own,
        }
    )
