"""A bounded part of `make fuzz`: the same inputs in every run."""

from fuzz import fuzz

INPUTS = 3_000


def test_spoiled_hosts_and_frames_give_a_report_or_an_error(agent):
    troubles, inputs = fuzz(agent.path, "ci", count=INPUTS)
    assert not troubles, "\n".join(troubles)
    assert inputs >= INPUTS - 2
