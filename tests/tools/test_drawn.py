"""The replay tool's arithmetic."""

from tests.drawn import summarize


def test_accuracy_is_counted_over_all_and_by_hand_and_label() -> None:
    drawings = [
        {"label": 1, "hand": "a"},
        {"label": 1, "hand": "b"},
        {"label": 7, "hand": "b"},
        {"label": 7, "hand": "b"},
    ]
    answers = [("1", True), ("7", True), ("7", False), ("", False)]
    summary = summarize("tutorial", drawings, answers)
    assert summary["drawings"] == 4
    assert summary["accuracy"] == 0.5
    assert summary["sure"] == 0.5
    assert summary["per_hand"] == {"a": 1, "b": 0.3333}
    assert summary["per_label"] == {"1": 0.5, "7": 0.5}
