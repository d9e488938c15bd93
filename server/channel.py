"""How one client's connection is served: quick answers at once, all others by waitress's threads.

To hand a request to a thread and to be woken by it afterwards costs as much as to predict.
"""

import threading
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from server.problems import ProblemTask
from server.shapes import PIXELS


class Task(WSGITask):  # type: ignore[misc]  # waitress ships no types
    """An answer whose head leaves with its body, where that is in one piece.

    Waitress sends them one after the other, and each sending costs a tenth of a prediction.
    """

    wrote_header: bool

    def write(self, data: bytes) -> None:
        """Send a piece of the body, the first one with the head."""
        whole = self.content_length == len(data) > 0
        if whole and self.complete and self.has_body and not self.wrote_header:
            self.channel.write_soon(self.build_response_header() + data)
            self.wrote_header = True
            self.content_bytes_written = len(data)
        else:
            super().write(data)


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """A connection that reports its own errors as problems, and answers where it has just read.

    It does so for 784 bytes: predictions and what is refused, in tenths of a millisecond.
    """

    task_class = Task
    error_task_class = ProblemTask
    _reading = False
    _at_once = False

    def handle_read(self) -> None:
        """Take what the client sent, and answer if that is quick."""
        self._reading = True
        super().handle_read()
        self._reading = False
        if self._at_once:
            self._at_once = False
            self.service()

    def takes(self) -> bool:
        """Tell whether it will answer its request itself; asked once for each request."""
        request = self.requests[0]
        # A request that was sent ahead of an answer begins where nobody reads, in a thread.
        self._at_once = self._reading and not request.error and request.content_length == PIXELS
        return self._at_once


def serve_quick_answers_at_once(server: Any) -> None:
    """Make a waitress server do so; its loop must run in the thread that calls this."""
    hand_over, wake_loop = server.add_task, server.pull_trigger
    loop = threading.get_ident()

    def add_task(channel: Channel) -> None:
        if not channel.takes():
            hand_over(channel)

    def pull_trigger() -> None:
        # Who answers in the loop itself is on the way back to it.
        if threading.get_ident() != loop:
            wake_loop()

    server.channel_class = Channel
    server.add_task = add_task
    server.pull_trigger = pull_trigger
