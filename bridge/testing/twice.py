"""Twice: whatever is lost on the way, nothing is written twice."""

from typing import Any

import pytest

from bridge.testing.api import Fault, Response
from bridge.testing.course import Course
from bridge.testing.parts import Parts

LOST: dict[str, dict[str, Any]] = {  # ways to lose the answer to what was written
    "no answer": {"cut": 0},
    "half a head": {"cut": 60},
    "502": {"answer": Response(502, b"")},
    "504": {"answer": Response(504, b"")},
    "200 and a page": {"answer": Response(200, b"<html>Welcome</html>")},
    "200 and half of it": {"answer": Response(200, b'{"id":')},
}
UNREADABLE: dict[str, Response] = {
    "500": Response(500, b""),
    "200 and nothing": Response(200, b""),
    "200 and a page": Response(200, b"<html>Welcome</html>"),
    "200 and half of it": Response(200, b'{"id":'),
}


class Twice(Parts):
    @pytest.mark.parametrize("lost", LOST)
    @pytest.mark.parametrize("leads", [1, 3])
    def test_what_may_have_been_written_is_not_written_twice(self, lost: str, leads: int) -> None:
        with self.serving() as server:
            course = Course(self, server, self.leads(leads))
            due = sum(len(self.records(claim)) for claim in course.claims)
            course.attempt(Fault(**LOST[lost], stored=True, writes_only=True), times=2 + due)
            course.attempt()
            assert course.delivered, f"the target is sound again, and it gives {course.told()}"
            assert due == server.api.count(), (
                f"{due} records were due, and {server.api.count()} are there: the answer to each write was lost"
                f" ({lost}), and the next attempt (record.uncertain) has to find what is there"
            )

    @pytest.mark.parametrize("lost", LOST)
    @pytest.mark.parametrize("leads", [1, 3])
    def test_what_was_brought_with_a_lost_answer_is_changed_by_the_next_revision(self, lost: str, leads: int) -> None:
        with self.serving() as server:
            course = Course(self, server, self.leads(leads))
            due = sum(len(self.records(claim)) for claim in course.claims)
            course.attempt(Fault(**LOST[lost], stored=True, writes_only=True), times=2 + due)
            course.attempt()
            revised = course.revised()
            revised.attempt()
            assert revised.delivered, revised.told()
            assert due == server.api.count(), (
                f"{due} records were due, and after a revision {server.api.count()} are there: after a lost answer"
                f" ({lost}) it said {course.told()}; without its id, a record is made again"
            )

    @pytest.mark.parametrize("unreadable", UNREADABLE)
    @pytest.mark.parametrize("leads", [1, 3])
    def test_where_it_cannot_look_it_writes_nothing(self, unreadable: str, leads: int) -> None:
        with self.serving() as server:
            course = Course(self, server, self.leads(leads))
            due = sum(len(self.records(claim)) for claim in course.claims)
            course.attempt(Fault(cut=0, stored=True, writes_only=True))
            course.attempt(Fault(UNREADABLE[unreadable], stored=True, reads_only=True), times=2)
            course.attempt(times=1 + due)
            assert course.delivered, f"the target is sound again, and it gives {course.told()}"
            assert due == server.api.count(), (
                f"{due} records were due, and {server.api.count()} are there: a look-up that was answered with"
                f" {unreadable} does not say that nothing is there"
            )
