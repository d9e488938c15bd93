"""The limit on how often somebody may contribute."""

from server.room.rate_limit import RateLimit


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_events_beyond_the_limit_wait_until_the_first_is_old_enough() -> None:
    clock = Clock()
    limit = RateLimit(2, 60, clock)
    assert limit.wait_seconds("a") == 0
    clock.time = 10
    assert limit.wait_seconds("a") == 0
    clock.time = 15
    assert limit.wait_seconds("a") == 45
    clock.time = 60
    assert limit.wait_seconds("a") == 0
    assert limit.wait_seconds("a") == 10


def test_each_key_has_its_own_limit() -> None:
    limit = RateLimit(1, 60, Clock())
    assert limit.wait_seconds("a") == limit.wait_seconds("b") == 0
    assert limit.wait_seconds("a") == 60


def test_keys_without_recent_events_take_no_memory() -> None:
    clock = Clock()
    limit = RateLimit(1, 60, clock)
    for key in range(1000):
        clock.time = key
        limit.wait_seconds(key)
    assert len(limit._events) == 60
