"""Pages of users and visitors: every path with its permission, input and output."""

from __future__ import annotations

from typing import Any

from templates_server.features.console.page_routes import CONSOLE_ENVIRONMENT, OF_A_SEARCH, form_route, page_route
from templates_server.features.console.people import overview as people_pages
from templates_server.features.console.people import person as person_pages
from templates_server.features.console.people import tags as user_tag_pages
from templates_server.features.pages.schemas import EraseForm, UserTagForm
from templates_server.http.route_docs import CONTENT_DISPOSITION, BodyDocs

CONSOLE_USERS = f"{CONSOLE_ENVIRONMENT}/users"
CONSOLE_USER = f"{CONSOLE_USERS}/{{user}}"
CONSOLE_VISITORS = f"{CONSOLE_ENVIRONMENT}/visitors"
CONSOLE_VISITOR = f"{CONSOLE_VISITORS}/{{visitor}}"
CONSOLE_USER_TAGS = f"{CONSOLE_ENVIRONMENT}/user-tags"


ROUTES = (
    page_route(CONSOLE_USERS, people_pages.users_page, "Search the users of an environment.", refuses=OF_A_SEARCH),
    page_route(CONSOLE_USER, person_pages.user_page, "Show a user and their current view."),
    page_route(
        f"{CONSOLE_USER}/everything",
        person_pages.everything_file,
        "Download all data of a user.",
        gives=BodyDocs(Any),
        sends=(CONTENT_DISPOSITION,),
    ),
    form_route(f"{CONSOLE_USER}/tags", person_pages.add_tag, "Add a tag to a user.", UserTagForm),
    form_route(f"{CONSOLE_USER}/tags/remove", person_pages.remove_tag, "Remove a tag from a user.", UserTagForm),
    form_route(
        f"{CONSOLE_USER}/erase",
        person_pages.erase_user,
        "Erase a user and all their data.",
        EraseForm,
        path_examples={"user": "casey"},
    ),
    page_route(
        CONSOLE_VISITORS, people_pages.visitors_page, "Search the visitors of an environment.", refuses=OF_A_SEARCH
    ),
    page_route(
        CONSOLE_VISITOR, person_pages.visitor_page, "Show a visitor, or redirect to the user they were merged into."
    ),
    page_route(
        f"{CONSOLE_VISITOR}/everything",
        person_pages.visitor_file,
        "Download all data of a visitor.",
        gives=BodyDocs(Any),
        sends=(CONTENT_DISPOSITION,),
    ),
    form_route(f"{CONSOLE_VISITOR}/tags", person_pages.add_visitor_tag, "Add a tag to a visitor.", UserTagForm),
    form_route(
        f"{CONSOLE_VISITOR}/tags/remove", person_pages.remove_visitor_tag, "Remove a tag from a visitor.", UserTagForm
    ),
    form_route(
        f"{CONSOLE_VISITOR}/erase",
        person_pages.erase_visitor,
        "Erase a visitor and all their data.",
        EraseForm,
        path_examples={"visitor": "phone-3"},
    ),
    page_route(CONSOLE_USER_TAGS, user_tag_pages.user_tags_page, "Search the user tags.", refuses=OF_A_SEARCH),
    form_route(
        f"{CONSOLE_USER_TAGS}/delete", user_tag_pages.delete_user_tag, "Delete a tag from everyone.", UserTagForm
    ),
)
