"""The disaster drill, one run of each scenario: nothing that was acknowledged is lost, and nothing is there twice."""

import pytest

import drill
from collectors import needs_server
from conftest import alone
from folders import open_to_all
from patroni import ETCD, PATRONI

pytestmark = needs_server


@pytest.fixture
def folder(tmp_path):
    alone()
    open_to_all(tmp_path)
    return tmp_path


def test_the_primary_and_a_collector_are_lost(folder):
    result = drill.primary_lost(folder, 3, with_collector=True)
    assert result["lost"] == result["doubled"] == 0 and result["acknowledged"] > 10
    # Beside other tests a far region may store nothing in so short a time.
    assert all(region["read"] for region in result["latency"]) and any(region["write"] for region in result["latency"]) and result["lags"]


@pytest.mark.skipif(PATRONI is None or ETCD is None, reason="no Patroni, or no etcd")
def test_the_primary_is_lost_and_patroni_promotes(folder):
    result = drill.primary_lost(folder, 3, patroni=True)
    assert result["lost"] == result["doubled"] == 0 and result["acknowledged"] > 10
    # Patroni takes longer than the spool waits.
    assert result["spooled"] > 0


def test_a_region_is_cut_off(folder):
    result = drill.region_cut_off(folder, 3)
    assert result["lost"] == result["doubled"] == 0 and result["spooled"] > 0


def test_a_leaked_token_is_refused_everywhere(folder):
    drill.token_revoked(folder)


def test_a_store_in_a_file_loses_what_came_after_its_last_backup(folder):
    result = drill.file_lost(folder, 2, 5)
    assert result["process"]["lost"] == 0
    assert 0 < result["machine"]["lost"] < result["machine"]["acknowledged"]
