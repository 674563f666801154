"""Users, visitors and their tags."""

from __future__ import annotations

from collections.abc import Mapping

from mtribes_cli.api.client.authorized_session import AuthorizedSession, document_of, only_one
from mtribes_cli.api.models.people import Erasure, PeopleQuery, TagRemoval, User, UserTag, Visitor, VisitorErasure
from mtribes_cli.api.request import Request, drop_none, environment_path, get, path_of


class PeopleClient(AuthorizedSession):
    """Users, visitors and their tags."""

    def user(self, space: str, environment: str, user: str) -> User:
        """What is kept of a user."""
        return self.fetch_one(get(*environment_path(space, environment), "users", user), User.read)

    def users(self, space: str, environment: str, query: PeopleQuery) -> tuple[User, ...]:
        """The users that are asked for; more than the limit where there are more."""
        path = (*environment_path(space, environment), "users")
        return self.fetch_some(path, User.read, query.as_sent(), limit=query.limit, has_empty_pages=True)

    def visitors(self, space: str, environment: str, query: PeopleQuery) -> tuple[Visitor, ...]:
        """The visitors that are asked for; more than the limit where there are more."""
        path = (*environment_path(space, environment), "visitors")
        return self.fetch_some(path, Visitor.read, query.as_sent(), limit=query.limit, has_empty_pages=True)

    def everything(self, space: str, environment: str, user: str) -> Mapping[str, object]:
        """All that is known of a user, as a document."""
        return self.fetch_one(get(*environment_path(space, environment), "users", user, "everything"), document_of)

    def delete_user(self, space: str, environment: str, user: str) -> Erasure:
        """Remove a user and all that is known of them; what was removed."""
        path = path_of(*environment_path(space, environment), "users", user)
        return self.fetch_one(Request("DELETE", path), Erasure.read)

    def visitor(self, space: str, environment: str, visitor: str) -> Visitor:
        """What is kept of a visitor."""
        return self.fetch_one(get(*environment_path(space, environment), "visitors", visitor), Visitor.read)

    def everything_of_visitor(self, space: str, environment: str, visitor: str) -> Mapping[str, object]:
        """All that is known of a visitor, as a document."""
        return self.fetch_one(
            get(*environment_path(space, environment), "visitors", visitor, "everything"), document_of
        )

    def delete_visitor(self, space: str, environment: str, visitor: str) -> VisitorErasure:
        """Remove a visitor and all that is known of them; what was removed."""
        path = path_of(*environment_path(space, environment), "visitors", visitor)
        return self.fetch_one(Request("DELETE", path), VisitorErasure.read)

    def tag_user(self, space: str, environment: str, user: str, *, tag: str) -> None:
        """Give a user a tag."""
        path = path_of(*environment_path(space, environment), "users", user, "tags", tag)
        self.entities(Request("PUT", path, may_repeat=True))

    def untag_user(self, space: str, environment: str, user: str, *, tag: str) -> None:
        """Take a tag from a user."""
        path = path_of(*environment_path(space, environment), "users", user, "tags", tag)
        self.entities(Request("DELETE", path, may_repeat=True))

    def tag_visitor(self, space: str, environment: str, visitor: str, *, tag: str) -> None:
        """Give a visitor a tag."""
        path = path_of(*environment_path(space, environment), "visitors", visitor, "tags", tag)
        self.entities(Request("PUT", path, may_repeat=True))

    def untag_visitor(self, space: str, environment: str, visitor: str, *, tag: str) -> None:
        """Take a tag from a visitor."""
        path = path_of(*environment_path(space, environment), "visitors", visitor, "tags", tag)
        self.entities(Request("DELETE", path, may_repeat=True))

    def user_tags(self, space: str, environment: str, *, search: str | None = None) -> tuple[UserTag, ...]:
        """The tags that somebody has, or those with a text in them."""
        path = (*environment_path(space, environment), "user-tags")
        return self.fetch_all(path, UserTag.read, query=drop_none(search=search))

    def delete_tag(self, space: str, environment: str, tag: str) -> TagRemoval | None:
        """Delete a tag from everybody; None once it is done, else who still has it while the server goes on."""
        path = path_of(*environment_path(space, environment), "user-tags", tag)
        data = self.entities(Request("DELETE", path, may_repeat=True))
        return only_one(data, TagRemoval.read) if data else None
