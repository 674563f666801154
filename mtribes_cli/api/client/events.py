"""Events: their names, sending one, and the stream of arriving events."""

from __future__ import annotations

from collections.abc import Mapping

from mtribes_cli.api.client.authorized_session import AuthorizedSession
from mtribes_cli.api.models.events import EventName
from mtribes_cli.api.request import Request, drop_none, environment_path, path_of, post
from mtribes_cli.api.response import raise_failure
from mtribes_cli.api.transport import Take


class EventsClient(AuthorizedSession):
    """Calls about events: their names, sending one, and the stream of arriving events."""

    def event_names(self, space: str, environment: str, *, search: str | None = None) -> tuple[EventName, ...]:
        """Return the names of arriving events, or those that contain a text."""
        path = (*environment_path(space, environment), "event-names")
        return self.fetch_all(path, EventName.read, query=drop_none(search=search))

    def track(self, key: str, event: Mapping[str, object]) -> None:
        """Store an event that has an ID, as an app with this key would."""
        request = post(("api", "client", "events"), [event], may_repeat=True)
        answer = self.send_with_retries(request, token=key)
        if not answer.is_success:
            raise_failure(answer)

    def stream_events(
        self, space: str, environment: str, *, query: Mapping[str, object], last_event_id: str, take: Take
    ) -> None:
        """Pass the stream of events to `take` as it arrives, from the last received event on, until it ends.

        Raises NetworkError or UnavailableError if it breaks off; `take` may have received some of it by then.
        """
        path = path_of(*environment_path(space, environment), "events", "stream", query=query)
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self.stream(Request("GET", path, headers=headers), take)
