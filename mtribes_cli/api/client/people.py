"""Users, visitors and their tags."""

from __future__ import annotations

from collections.abc import Mapping

from mtribes_cli.api.client.authorized_session import AuthorizedSession, document_of, only_one
from mtribes_cli.api.models.people import Erasure, PeopleQuery, TagRemoval, User, UserTag, Visitor, VisitorErasure
from mtribes_cli.api.request import Request, drop_none, environment_path, get, path_of


class PeopleClient(AuthorizedSession):
    """Calls about users, visitors and their tags."""

    def user(self, space: str, environment: str, user: str) -> User:
        """Return a user."""
        return self.fetch_one(get(*environment_path(space, environment), "users", user), User.read)

    def users(self, space: str, environment: str, query: PeopleQuery) -> tuple[User, ...]:
        """Return the users of a query; more than the limit if there are more."""
        path = (*environment_path(space, environment), "users")
        return self.fetch_some(path, User.read, query.as_sent(), limit=query.limit, has_empty_pages=True)

    def visitors(self, space: str, environment: str, query: PeopleQuery) -> tuple[Visitor, ...]:
        """Return the visitors of a query; more than the limit if there are more."""
        path = (*environment_path(space, environment), "visitors")
        return self.fetch_some(path, Visitor.read, query.as_sent(), limit=query.limit, has_empty_pages=True)

    def everything(self, space: str, environment: str, user: str) -> Mapping[str, object]:
        """Return everything known about a user as a document."""
        return self.fetch_one(get(*environment_path(space, environment), "users", user, "everything"), document_of)

    def delete_user(self, space: str, environment: str, user: str) -> Erasure:
        """Delete a user and everything known about them; return what was removed."""
        path = path_of(*environment_path(space, environment), "users", user)
        return self.fetch_one(Request("DELETE", path), Erasure.read)

    def visitor(self, space: str, environment: str, visitor: str) -> Visitor:
        """Return a visitor."""
        return self.fetch_one(get(*environment_path(space, environment), "visitors", visitor), Visitor.read)

    def everything_of_visitor(self, space: str, environment: str, visitor: str) -> Mapping[str, object]:
        """Return everything known about a visitor as a document."""
        return self.fetch_one(
            get(*environment_path(space, environment), "visitors", visitor, "everything"), document_of
        )

    def delete_visitor(self, space: str, environment: str, visitor: str) -> VisitorErasure:
        """Delete a visitor and everything known about them; return what was removed."""
        path = path_of(*environment_path(space, environment), "visitors", visitor)
        return self.fetch_one(Request("DELETE", path), VisitorErasure.read)

    def tag_user(self, space: str, environment: str, user: str, *, tag: str) -> None:
        """Add a tag to a user."""
        path = path_of(*environment_path(space, environment), "users", user, "tags", tag)
        self.entities(Request("PUT", path, may_repeat=True))

    def untag_user(self, space: str, environment: str, user: str, *, tag: str) -> None:
        """Remove a tag from a user."""
        path = path_of(*environment_path(space, environment), "users", user, "tags", tag)
        self.entities(Request("DELETE", path, may_repeat=True))

    def tag_visitor(self, space: str, environment: str, visitor: str, *, tag: str) -> None:
        """Add a tag to a visitor."""
        path = path_of(*environment_path(space, environment), "visitors", visitor, "tags", tag)
        self.entities(Request("PUT", path, may_repeat=True))

    def untag_visitor(self, space: str, environment: str, visitor: str, *, tag: str) -> None:
        """Remove a tag from a visitor."""
        path = path_of(*environment_path(space, environment), "visitors", visitor, "tags", tag)
        self.entities(Request("DELETE", path, may_repeat=True))

    def user_tags(self, space: str, environment: str, *, search: str | None = None) -> tuple[UserTag, ...]:
        """Return the tags in use, or those that contain a text."""
        path = (*environment_path(space, environment), "user-tags")
        return self.fetch_all(path, UserTag.read, query=drop_none(search=search))

    def delete_tag(self, space: str, environment: str, tag: str) -> TagRemoval | None:
        """Delete a tag from everybody; None once it is done, else who still has it while the server continues."""
        path = path_of(*environment_path(space, environment), "user-tags", tag)
        data = self.entities(Request("DELETE", path, may_repeat=True))
        return only_one(data, TagRemoval.read) if data else None
