"""All SQL about devices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.errors import ErrorDetail
from templates_server.features.people.batch_queries import PersonKey
from templates_server.features.people.devices.schemas import StoredDevice
from templates_server.features.people.identity import PersonKind
from templates_server.features.people.sighting_store import Sighting, record_sightings
from templates_server.storage.dialect import placeholders
from templates_server.storage.pipelining import execute_pipelined

COLUMNS = "environment_id, person_id, device_id, token, os, model, app_build, app_version, data, first_seen, last_seen"
PUT = (
    f"INSERT INTO devices ({COLUMNS}) VALUES ({{marks}}) ON CONFLICT (environment_id, person_id, device_id) "  # noqa: S608 - names of ours
    "DO UPDATE SET token = COALESCE(excluded.token, devices.token), os = excluded.os, model = excluded.model, "
    "app_build = excluded.app_build, app_version = excluded.app_version, "
    "data = COALESCE(excluded.data, devices.data), last_seen = excluded.last_seen"
)
LATEST = (
    "UPDATE persons SET device_os = {0}, device_model = {0}, device_seen = {0} "
    "WHERE environment_id = {0} AND person_id = {0}"
)
KNOWN = "SELECT device_id FROM devices WHERE environment_id = ? AND person_id = ? LIMIT ?"
MOST_DEVICES = 100  # of a visitor
TOO_MANY = f"This visitor has reached the maximum of {MOST_DEVICES} devices."


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """A device reported by an app of an environment at a time, in milliseconds."""

    environment_id: str
    received: int
    device: StoredDevice


def put_devices(connection: Connection, arrivals: Sequence[DeviceReport]) -> Sequence[Sequence[ErrorDetail]]:
    """Store devices, people who do not exist yet, and the device of each that was seen last.

    Return the limit problem of each, if any: then only its person is stored.
    """
    presences = [Sighting(one.environment_id, one.device.stated, one.received) for one in arrivals]
    persons, _ = record_sightings(connection, presences)
    keys = [(one.environment_id, person.person_id) for one, person in zip(arrivals, persons, strict=True)]
    visitors = {key for key, person in zip(keys, persons, strict=True) if person.kind is PersonKind.VISITOR}
    known = _devices_of(connection, visitors)
    outcomes = [_problems_of(one, known.get(key)) for key, one in zip(keys, arrivals, strict=True)]
    kept = [(key, one) for key, one, problems in zip(keys, arrivals, outcomes, strict=True) if not problems]
    if kept:
        rows = [_row(key, one) for key, one in kept]
        connection.exec_driver_sql(PUT.format(marks=placeholders(connection, len(rows[0]))), rows)
        latest = {key: (one.device.os, one.device.model, one.received, *key) for key, one in kept}
        connection.exec_driver_sql(LATEST.format(placeholders(connection, 1)), list(latest.values()))
    return outcomes


def _devices_of(connection: Connection, visitors: Collection[PersonKey]) -> Mapping[PersonKey, set[str]]:
    """Return the ids of these visitors' devices: all of a visitor's data moves to a user at once."""
    keys = list(visitors)
    answers = execute_pipelined(connection, [(KNOWN, (*key, MOST_DEVICES)) for key in keys])
    return {key: {row[0] for row in rows} for key, rows in zip(keys, answers, strict=True)}


def _problems_of(arrival: DeviceReport, known: set[str] | None) -> Sequence[ErrorDetail]:
    """Return the problem with another device of a visitor; a user's count is None, since nothing moves."""
    device_id = arrival.device.device_id
    if known is None or device_id in known:
        return ()
    if len(known) >= MOST_DEVICES:
        return [ErrorDetail("device_id", TOO_MANY)]
    known.add(device_id)
    return ()


def _row(key: tuple[str, str], arrival: DeviceReport) -> tuple[str | int | None, ...]:
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
