"""A short campaign of each kind that is worth it with every test run; `make chaos` runs longer ones of all kinds."""

from pathlib import Path

import pytest

from tests.chaos import campaign, lanes
from tests.postgres import Postgres

SEED = 7


@pytest.mark.parametrize(
    ("kind", "victim"), [("sqlite", "worker"), ("sqlite", "supervisor"), ("postgres", "committer")]
)
def test_nothing_is_lost_doubled_or_out_of_order_whoever_is_killed(
    tmp_path: Path, postgres_server: Postgres, kind: str, victim: str
) -> None:
    report = campaign.run(tmp_path, kind=kind, victim=victim, seed=SEED, seconds=5, postgres=postgres_server)

    assert [] == report.broken
    assert report.kept > 0


def test_two_webs_and_two_workers_never_have_one_person_at_once(postgres_server: Postgres) -> None:
    assert [] == lanes.run(seed=SEED, postgres=postgres_server).broken
