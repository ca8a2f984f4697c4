"""What the stewards may decide about the air, and what they may not."""

from __future__ import annotations

import json

import pytest

from radio.schedule.policy import CHILDREN_LISTENING, HourRule, Hours, StationRules, Weight, rules_faults


def test_rules_are_read_back_as_they_were_stored() -> None:
    rules = StationRules(
        episode_rest_minutes=720,
        quiet_times=(Hours("13:00", "14:00", ("SU",)),),
        hour_rules=(*CHILDREN_LISTENING, HourRule(Hours("07:00", "07:00"), kinds=("alert",))),
        weights=(Weight("kind", "story", 2.0),),
    )
    assert StationRules.read(json.loads(json.dumps(rules.stored()))) == rules
    assert rules_faults(json.loads(json.dumps(rules.stored()))) == {}


def test_what_an_older_version_did_not_say_is_as_by_default() -> None:
    assert StationRules.read({"show_rest_minutes": 60, "gone": 1}) == StationRules(show_rest_minutes=60)


def test_no_version_takes_the_support_away() -> None:
    assert StationRules.read({"support_around": {"violence": "helpline"}}).support_around == (
        ("overdose", "overdose"), ("self-harm", "helpline"), ("suicide", "helpline"), ("violence", "helpline"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"episode_rest_minutes": 5}, {"episode_rest_minutes": "not-a-length"}),
        ({"show_rest_minutes": "60"}, {"show_rest_minutes": "not-a-length"}),
        ({"support_at_night_minutes": 45}, {"support_at_night_minutes": "not-a-length"}),
        ({"support_around": {"violence": "helpline"}}, {"support_around": "always-there"}),
        ({"support_around": {"violence": "a song"}}, {"support_around": "unknown"}),
        ({"quiet_times": [{"begins": "25:00", "ends": "07:00"}]}, {"quiet_times": "not-a-time"}),
        ({"quiet_times": [{"begins": "13:00", "ends": "14:00", "days": ["XX"]}]}, {"quiet_times": "not-a-day"}),
        ({"hour_rules": [{"hours": {"begins": "13:00", "ends": "14:00"}}]}, {"hour_rules": "says-nothing"}),
        ({"weights": [{"list_": "kind", "code": "story", "weight": 100}]}, {"weights": "not-a-weight"}),
        ({"weights": 3}, {"weights": "not-readable"}),
        ({"nights": "off"}, {"nights": "unknown"}),
        ({}, {}),
    ],
)
def test_what_cannot_be_a_rule_is_told(said: dict[str, object], faults: dict[str, str]) -> None:
    assert rules_faults(said) == faults
