"""What the database itself keeps up: figures of work orders, and the index of their words. SQL of both kinds.

Figures: each work order that is made or moved leaves a row of differences (plus one here, minus one there) in the same
transaction, written by a trigger, so that no way of writing can forget it. Whoever asks adds counts and differences
in one statement; ``Pivot.fold`` turns differences into counts, at several grains (``GRAINS``). Many may move work
orders at once: nobody waits for a counter. Sub-orders are not counted, their main order is.

Words: SQLite's FTS5 over the pairs of characters of ``tickets.words``, PostgreSQL's GIN over the same.
"""

from collections.abc import Mapping

from tickets.states import DONE

COUNTS, MONTHS, AREAS, UNITS = "ticket_counts", "ticket_counts_months", "ticket_counts_areas", "ticket_counts_units"
GRAINS: Mapping[str, tuple[str, ...]] = {
    COUNTS: ("day", "area", "type", "unit"),
    MONTHS: ("month", "area", "type", "unit"),
    AREAS: ("day", "area", "type"),
    UNITS: ("day", "unit", "type"),
}
"""Tables of counts, and what each tells apart. All add up to the same."""
FIGURES = ("tickets", "done", "overdue")
_DONE = ", ".join(f"'{state.value}'" for state in sorted(DONE))
_COLUMNS = "day, area, type, unit, tickets, done, overdue"
_WATCHED = ("parent_id", "day", "area", "type", "unit", "state", "overdue_at")


def _values(row: str, sign: str) -> str:
    kept = f"{row}.day, {row}.area, {row}.type, COALESCE({row}.unit, '')"
    done, late = f"{row}.state IN ({_DONE})", f"{row}.overdue_at IS NOT NULL"
    return f"{kept}, {sign}1, {sign}(CASE WHEN {done} THEN 1 ELSE 0 END), {sign}(CASE WHEN {late} THEN 1 ELSE 0 END)"


def _difference(row: str, sign: str) -> str:
    return f"INSERT INTO ticket_deltas ({_COLUMNS}) SELECT {_values(row, sign)} WHERE {row}.parent_id IS NULL;"


def counting_statements(dialect: str) -> list[str]:
    """The triggers that note every difference."""
    changed = " OR ".join(f"OLD.{name} {_other(dialect)} NEW.{name}" for name in _WATCHED)
    made, moved = _difference("NEW", "+"), _difference("OLD", "-") + " " + _difference("NEW", "+")
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER ticket_counted AFTER INSERT ON tickets BEGIN {made} END",
            f"CREATE TRIGGER ticket_recounted AFTER UPDATE ON tickets WHEN {changed} BEGIN {moved} END",
        ]
    body = "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does} RETURN NULL; END $$"
    return [
        body.format(name="count_ticket", does=made),
        body.format(name="recount_ticket", does=moved),
        "CREATE TRIGGER ticket_counted AFTER INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION count_ticket()",
        f"CREATE TRIGGER ticket_recounted AFTER UPDATE ON tickets FOR EACH ROW WHEN ({changed}) "
        "EXECUTE FUNCTION recount_ticket()",
    ]


def _other(dialect: str) -> str:
    return "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"


def searching_statements(dialect: str) -> list[str]:
    """The index of words. They are written once, when a work order is made."""
    if dialect == "sqlite":
        return [
            "CREATE VIRTUAL TABLE ticket_words USING fts5(ticket_id UNINDEXED, words, detail=none)",
            "CREATE TRIGGER ticket_indexed AFTER INSERT ON tickets "
            "BEGIN INSERT INTO ticket_words (ticket_id, words) VALUES (NEW.id, NEW.words); END",
        ]
    return ["CREATE INDEX ticket_words ON tickets USING gin (string_to_array(words, ' '))"]


def folding_statements(dialect: str) -> list[str]:
    """Differences become counts of every grain, in one transaction. On PostgreSQL in one statement: others add."""
    if dialect == "sqlite":
        return [*(_folded(grain, "ticket_deltas") for grain in GRAINS), "DELETE FROM ticket_deltas"]
    first, *others = (_folded(grain, "gone") for grain in GRAINS)
    steps = [f"gone AS (DELETE FROM ticket_deltas RETURNING {_COLUMNS})"]
    steps += [f"grain_{at} AS ({other})" for at, other in enumerate(others)]
    return [f"WITH {', '.join(steps)} {first}"]


def _folded(grain: str, source: str) -> str:
    keys, sums = ", ".join(GRAINS[grain]), ", ".join(f"sum({name})" for name in FIGURES)
    shown = ", ".join("substr(day, 1, 7)" if key == "month" else key for key in GRAINS[grain])
    added = ", ".join(f"{name} = {grain}.{name} + excluded.{name}" for name in FIGURES)
    return (
        f"INSERT INTO {grain} ({keys}, {', '.join(FIGURES)}) SELECT {shown}, {sums} FROM {source} WHERE true "
        f"GROUP BY {shown} ON CONFLICT ({keys}) DO UPDATE SET {added}"
    )
