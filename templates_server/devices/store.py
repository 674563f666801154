"""All SQL about devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.database import marks
from templates_server.devices.reading import Device
from templates_server.persons.store import Presence, arrive

COLUMNS = "environment_id, person_id, device_id, token, os, model, app_build, app_version, data, first_seen, last_seen"
PUT = (
    f"INSERT INTO devices ({COLUMNS}) VALUES ({{marks}}) ON CONFLICT (environment_id, person_id, device_id) "  # noqa: S608 - names of ours
    "DO UPDATE SET token = COALESCE(excluded.token, devices.token), os = excluded.os, model = excluded.model, "
    "app_build = excluded.app_build, app_version = excluded.app_version, "
    "data = COALESCE(excluded.data, devices.data), last_seen = excluded.last_seen"
)
LATEST = "UPDATE persons SET device_os = {0}, device_model = {0} WHERE environment_id = {0} AND person_id = {0}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A device that an app of an environment told of at a time, in milliseconds."""

    environment_id: str
    received: int
    device: Device


def put_devices(connection: Connection, arrivals: Sequence[Arrival]) -> Sequence[None]:
    """Keep devices as they are now, the people who are not known yet, and which of theirs was seen last."""
    presences = [Presence(one.environment_id, one.device.stated, one.received) for one in arrivals]
    keys = [
        (one.environment_id, person.person_id)
        for one, person in zip(arrivals, arrive(connection, presences), strict=True)
    ]
    rows = [_row(key, one) for key, one in zip(keys, arrivals, strict=True)]
    connection.exec_driver_sql(PUT.format(marks=marks(connection, len(rows[0]))), rows)
    latest = {key: (one.device.os, one.device.model, *key) for key, one in zip(keys, arrivals, strict=True)}
    connection.exec_driver_sql(LATEST.format(marks(connection, 1)), list(latest.values()))
    return [None] * len(arrivals)


def _row(key: tuple[str, str], arrival: Arrival) -> tuple[str | int | None, ...]:
    device = arrival.device
    return (
        *key,
        device.device_id,
        device.token,
        device.os,
        device.model,
        device.app_build,
        device.app_version,
        device.data,
        arrival.received,
        arrival.received,
    )
