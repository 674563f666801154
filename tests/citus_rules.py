"""What a statement may do with tables about people, so that Citus can distribute them by person.

- Rows of two such tables, or twice of one, meet only where both `environment_id` and `person_id` are equal; or where
  `person_id` is that of an event, and both tables are asked for one environment.
- Neither column is ever given another value: a row moves by INSERT and DELETE.
- `FOR UPDATE` names one person; so does a query with a LIMIT in a subquery that refers to it.

Found out on a cluster of Citus 14; `faults` reads statements as PostgreSQL gets them, with the driver's placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from templates_server.schema import metadata

KEY = ("environment_id", "person_id")
ABOUT_PEOPLE = frozenset(
    table.name for table in metadata.tables.values() if tuple(table.primary_key.columns.keys()[:2]) == KEY
)
NAMES = re.compile(rf"\b({'|'.join(sorted(ABOUT_PEOPLE))})\b")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sbt]")
COPY_OUT = re.compile(r"COPY \((.*)\) TO STDOUT.*", re.DOTALL)
NO_QUERY = re.compile(r"\s*(COPY \w+ |CREATE |ALTER |DROP |SAVEPOINT |RELEASE |ROLLBACK |SET |SHOW |TRUNCATE )")
SCOPES = (exp.Select, exp.Update, exp.Delete)
CONDITIONS = (exp.Where, exp.Join)


@dataclass(eq=False)
class _Source:
    """A table about people, or a subquery that stands for such, as a query names it; `of` are those it stands for."""

    name: str
    of: list[_Source] = field(default_factory=list)


class _Classes:
    """Sources whose column is known to be equal."""

    def __init__(self) -> None:
        self._leaders: dict[_Source, _Source] = {}

    def leader(self, one: _Source) -> _Source:
        """The same for all that are equal."""
        while (above := self._leaders.get(one)) is not None:
            one = above
        return one

    def join(self, one: _Source, other: _Source) -> None:
        """They are equal."""
        first, second = self.leader(one), self.leader(other)
        if first is not second:
            self._leaders[first] = second


def faults(statement: str) -> Sequence[str]:
    """What is wrong with a statement."""
    copied = COPY_OUT.fullmatch(statement)
    text = PLACEHOLDER.sub("NULLIF(1, 2)", copied[1] if copied else statement).replace("%%", "%")
    if not NAMES.search(text) or NO_QUERY.match(text):
        return []
    try:
        parsed = [one for one in sqlglot.parse(text, dialect="postgres") if one is not None]
    except SqlglotError as error:
        return [f"this cannot be read: {error}"]
    if any(one.find(exp.Command) for one in parsed):
        return ["this cannot be read"]
    return [fault for one in parsed for fault in _Reading(one).faults()]


class _Reading:
    """One statement."""

    def __init__(self, statement: exp.Expr) -> None:
        self._statement = statement
        self._sources: dict[int, dict[str, _Source]] = {}
        self._tables: list[_Source] = []
        self._equal = {column: _Classes() for column in KEY}
        self._fixed: set[_Source] = set()
        self._of_one_environment: set[_Source] = set()
        for scope in reversed(list(statement.find_all(*SCOPES))):  # the inner ones first
            self._note_sources(scope)
        self._note_shared_columns()
        for condition in self._conjuncts():
            self._note_equality(condition)
        self._note_membership()

    def faults(self) -> Iterator[str]:
        """What is wrong."""
        for column, classes in self._equal.items():
            if len({classes.leader(table) for table in self._tables}) > 1:
                names = ", ".join(sorted(table.name for table in self._tables))
                yield f"rows of {names} meet without being equal in {column}"
        yield from self._changed_keys()
        for scope in self._statement.find_all(exp.Select):
            if scope.args.get("locks") and self._of_many(scope):
                yield "FOR UPDATE without naming one person"
            if scope.args.get("limit") and self._refers_outwards(scope) and not self._names_one_person():
                yield "LIMIT in a subquery that refers to the query around it, which names nobody"

    def _note_sources(self, scope: exp.Expr) -> None:
        found = self._sources[id(scope)] = {}
        for node in scope.find_all(exp.Table, exp.Subquery):
            if _scope_of(node) is not scope or not _is_source(node, scope):
                continue
            if isinstance(node, exp.Table) and node.name in ABOUT_PEOPLE:
                source = found[node.alias_or_name] = _Source(node.name)
                self._tables.append(source)
            elif isinstance(node, exp.Subquery) and node.alias:
                inner = [one for select in node.find_all(exp.Select) for one in self._sources[id(select)].values()]
                source = found[node.alias] = _Source(node.alias, inner)
                for one in inner:
                    for classes in self._equal.values():
                        classes.join(source, one)

    def _note_shared_columns(self) -> None:
        """Note what JOIN ... USING makes equal."""
        for join in self._statement.find_all(exp.Join):
            scope = _scope_of(join)
            for column in join.args.get("using") or ():
                if scope is not None and column.name in KEY:
                    sources = list(self._sources[id(scope)].values())
                    for other in sources[1:]:
                        self._equal[column.name].join(sources[0], other)

    def _conjuncts(self) -> Iterator[exp.Expr]:
        for condition in self._statement.find_all(*CONDITIONS):
            top = condition.this if isinstance(condition, exp.Where) else condition.args.get("on")
            if top is not None:
                yield from _parts(top)

    def _note_membership(self) -> None:
        """Note what `person_id IN (SELECT person_id ...)` makes equal, each side being of one environment."""
        for condition in self._statement.find_all(exp.In):
            query = condition.args.get("query")
            select = None if query is None else query.find(exp.Select)
            if select is None or len(select.expressions) != 1:
                continue
            sides = [_column(side) for side in (condition.this, select.expressions[0])]
            outer, inner = (self._source_of(side) for side in sides)
            if {side.name if side else "" for side in sides} == {"person_id"} and outer and inner:
                self._equal["person_id"].join(outer, inner)
                if {outer, inner} <= self._of_one_environment:
                    self._equal["environment_id"].join(outer, inner)

    def _note_equality(self, condition: exp.Expr) -> None:
        if not isinstance(condition, exp.EQ):
            return
        left, right = (_column(side) for side in (condition.this, condition.expression))
        sources = [self._source_of(side) for side in (left, right)]
        if left is not None and right is not None and left.name == right.name and left.name in KEY:
            if sources[0] and sources[1]:
                self._equal[left.name].join(sources[0], sources[1])
            return
        is_value = not condition.expression.find(exp.Column, exp.Any, exp.Query)
        if left is not None and sources[0] is not None and is_value:
            if left.name == "person_id":
                self._fixed.add(sources[0])
            if left.name == "environment_id":
                self._of_one_environment.add(sources[0])

    def _source_of(self, column: exp.Column | None) -> _Source | None:
        scope = None if column is None else _scope_of(column)
        while column is not None and scope is not None:
            found = self._sources[id(scope)]
            if column.table in found:
                return found[column.table]
            if not column.table and len(found) == 1:
                return next(iter(found.values()))
            scope = _scope_of(scope)
        return None

    def _changed_keys(self) -> Iterator[str]:
        for node in self._statement.find_all(exp.Update, exp.OnConflict):
            changed = node.this if isinstance(node, exp.Update) else node.find_ancestor(exp.Insert)
            table = None if changed is None else changed.find(exp.Table)
            name = "" if table is None else table.name
            for change in node.expressions:
                column = change.this.name if isinstance(change, exp.EQ) else ""
                if name in ABOUT_PEOPLE and column in KEY:
                    yield f"{column} of {name} is given another value"

    def _of_many(self, scope: exp.Expr) -> bool:
        return any(source not in self._fixed for source in self._sources[id(scope)].values())

    def _refers_outwards(self, scope: exp.Expr) -> bool:
        own = {name for select in scope.find_all(exp.Select) for name in self._sources[id(select)]}
        return any(
            column.table and column.table not in own and self._source_of(column) is not None
            for column in scope.find_all(exp.Column)
        )

    def _names_one_person(self) -> bool:
        return any(source in self._fixed for source in self._sources.get(id(self._statement), {}).values())


def _scope_of(node: exp.Expr) -> exp.Expr | None:
    return node.find_ancestor(*SCOPES)


def _is_source(node: exp.Expr, scope: exp.Expr) -> bool:
    """Whether it stands in FROM, in a JOIN, or is what is updated or deleted from."""
    parent = node.parent
    return parent is scope or isinstance(parent, exp.From | exp.Join | exp.Lateral)


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that all have to hold."""
    if isinstance(condition, exp.Paren):
        yield from _parts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _parts(condition.this)
        yield from _parts(condition.expression)
    else:
        yield condition


def _column(side: exp.Expr) -> exp.Column | None:
    return side if isinstance(side, exp.Column) else None
