"""A limit on how often something may happen."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable


class RateLimit:
    """Allows `count` events in any `seconds`, for each key.

    :param now: the clock, in seconds
    """

    def __init__(
        self, count: int, seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._count = count
        self._seconds = seconds
        self._now = now
        # The times of the events that still count, by key; the key of the newest event is last.
        self._events: OrderedDict[Hashable, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_seconds(self, key: Hashable) -> float:
        """Record an event and return 0, or return the seconds until the next one is allowed."""
        with self._lock:
            now = self._now()
            self._forget_before(now - self._seconds)
            events = self._events.setdefault(key, deque())
            while events and events[0] <= now - self._seconds:
                events.popleft()
            if len(events) >= self._count:
                return events[0] + self._seconds - now
            events.append(now)
            self._events.move_to_end(key)
            return 0.0

    def _forget_before(self, time: float) -> None:
        """Forget keys without an event after a time."""
        while self._events:
            key, events = next(iter(self._events.items()))
            if events and events[-1] > time:
                return
            del self._events[key]
