"""Tables about people can be distributed by person, and whoever writes a statement that cannot is told."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, inspect

from templates_server import migrations
from templates_server.opening import open_database
from templates_server.round_trips import driver_of, run_together
from tests import statements
from tests.citus_rules import ABOUT_PEOPLE, KEY, faults

SAME = "events.environment_id = persons.environment_id AND events.person_id = persons.person_id"
MEETING = "SELECT merges.called FROM merges JOIN persons ON persons.person_id = merges.user_person_id"
WHO_DID_IT = "SELECT person_id FROM events WHERE environment_id = %s GROUP BY person_id HAVING count(*) > %s"
PLANTED = {
    MEETING: "person_id",
    "SELECT 1 FROM persons, events WHERE persons.person_id = events.person_id": "environment_id",
    "SELECT 1 FROM persons JOIN events USING (person_id)": "environment_id",
    "SELECT 1 FROM persons AS a LEFT JOIN persons AS b ON a.environment_id = b.environment_id": "person_id",
    f"SELECT 1 FROM persons, events WHERE {SAME.replace('AND', 'OR')}": "environment_id",  # noqa: S608 - made here
    "SELECT 1 FROM persons WHERE person_id IN (SELECT user_person_id FROM merges)": "person_id",
    "SELECT 1 FROM persons WHERE person_id IN (SELECT person_id FROM events)": "environment_id",
    "SELECT 1 FROM persons WHERE person_id IN (SELECT name FROM events)": "person_id",
    "SELECT 1 FROM sessions WHERE person_id = COALESCE((SELECT user_person_id FROM merges), %s)": "person_id",
    "SELECT 1 FROM persons WHERE EXISTS (SELECT 1 FROM events WHERE events.name = persons.email)": "person_id",
    "WITH some AS (SELECT person_id FROM merges) SELECT 1 FROM persons, some": "person_id",
    "SELECT 1 FROM (SELECT * FROM events LIMIT 3) AS found JOIN persons ON found.name = persons.email": "person_id",
    "DELETE FROM events USING persons WHERE events.person_id = persons.person_id": "environment_id",
    "UPDATE persons SET email = (SELECT os FROM devices WHERE devices.person_id = persons.person_id)": "environment_id",
    "INSERT INTO devices (os) SELECT name FROM events, sessions": "person_id",
    "COPY (SELECT 1 FROM persons, events) TO STDOUT (FORMAT text)": "person_id",
    "UPDATE events SET person_id = %s WHERE person_id = %s": "person_id of events is given another value",
    "INSERT INTO merges (person_id) VALUES (%s) ON CONFLICT (person_id) DO UPDATE SET person_id = 'x'": "another value",
    "SELECT 1 FROM persons WHERE environment_id = %s AND person_id = ANY(%s) FOR UPDATE": "FOR UPDATE",
    "SELECT 1 FROM persons WHERE environment_id = %s FOR UPDATE": "FOR UPDATE",
    f"SELECT (SELECT count(*) FROM (SELECT 1 FROM events WHERE {SAME} LIMIT 4) AS x) FROM persons": "LIMIT",  # noqa: S608 - made here
    "SELECT FROM persons WHERE WHERE": "cannot be read",
}
GOOD = (
    f"SELECT (SELECT count(*) FROM events WHERE {SAME}) FROM persons WHERE persons.environment_id = %s",  # noqa: S608 - made here
    f"SELECT (SELECT count(*) FROM (SELECT 1 FROM events WHERE {SAME} LIMIT 4) AS x) FROM persons WHERE person_id = %s",  # noqa: S608 - made here
    f"SELECT 1 FROM persons WHERE EXISTS (SELECT 1 FROM events WHERE {SAME} AND events.name = %s)",  # noqa: S608 - made here
    f"SELECT 1 FROM persons WHERE environment_id = %s AND NOT person_id IN ({WHO_DID_IT})",  # noqa: S608 - made here
    "SELECT 1 FROM (SELECT * FROM events LIMIT 3) AS persons_of LEFT JOIN persons USING (environment_id, person_id)",
    "INSERT INTO events (person_id, name) SELECT %s, name FROM events WHERE person_id = %s ON CONFLICT DO NOTHING",
    "UPDATE persons SET email = sent.email FROM unnest(%s::text[]) AS sent (email) WHERE person_id = %s",
    "SELECT 1 FROM persons WHERE environment_id = %s AND person_id = %s FOR UPDATE",
    "SELECT key FROM spaces JOIN organizations ON spaces.organization_id = organizations.id FOR UPDATE",
)


@pytest.mark.parametrize("statement", PLANTED)
def test_a_statement_that_citus_refuses_is_found(statement: str) -> None:
    assert PLANTED[statement] in "\n".join(faults(statement))


@pytest.mark.parametrize("statement", GOOD)
def test_a_statement_about_one_person_at_a_time_is_good(statement: str) -> None:
    assert faults(statement) == []


def test_statements_are_heard_by_whichever_way_they_go(postgres_url: str) -> None:
    database = open_database(postgres_url)
    migrations.upgrade(database)
    ways = [f"{MEETING} WHERE merges.called = '{way}'" for way in ("sqlalchemy", "pipeline", "copy", "look-up")]

    def send(connection: Connection) -> None:
        connection.exec_driver_sql(ways[0])
        run_together(connection, [(ways[1], ())])
        with (
            driver_of(connection) as driver,
            driver.cursor() as cursor,
            cursor.copy(f"COPY ({ways[2]}) TO STDOUT") as copy,
        ):
            list(copy)

    with statements.apart() as sent:
        database.read_now(send)
        asyncio.run(database.look_up(ways[3]))
    database.close()
    wrong = [text for text in sent if faults(text)]
    assert [sum(way in text for text in wrong) for way in ways] == [1, 1, 1, 1]
    assert not any(way in text for way in ways for text in statements.heard())


def test_tables_about_people_can_be_distributed(fresh_database_url: str) -> None:
    database = open_database(fresh_database_url)
    migrations.upgrade(database)
    assert database.read_now(_wrong_tables) == []
    database.write_now(
        lambda connection: connection.exec_driver_sql("CREATE UNIQUE INDEX planted ON persons (environment_id, email)")
    )
    assert database.read_now(_wrong_tables) == ["persons: planted is unique without person_id"]
    database.close()


def _wrong_tables(connection: Connection) -> list[str]:
    """What keeps tables from being distributed by `person_id`."""
    inspector = inspect(connection)
    wrong = []
    for table in inspector.get_table_names():
        is_about_people = "person_id" in {column["name"] for column in inspector.get_columns(table)}
        wrong += [
            f"{table} refers to {key['referred_table']}"
            for key in inspector.get_foreign_keys(table)
            if is_about_people or key["referred_table"] in ABOUT_PEOPLE
        ]
        if is_about_people and tuple(inspector.get_pk_constraint(table)["constrained_columns"][:2]) != KEY:
            wrong.append(f"{table}: its primary key does not begin with {KEY}")
        unique = {str(each["name"]): [*each["column_names"]] for each in inspector.get_indexes(table) if each["unique"]}
        unique |= {str(each["name"]): [*each["column_names"]] for each in inspector.get_unique_constraints(table)}
        wrong += [
            f"{table}: {name} is unique without person_id"
            for name, columns in unique.items()
            if is_about_people and "person_id" not in columns
        ]
    return wrong
