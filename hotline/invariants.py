"""What a database itself refuses, whoever writes: SQL of both kinds. Appending only is in ``ledger``."""


def invariant_statements(name: str, table: str, broken: str, dialect: str) -> list[str]:
    """The SQL that makes ``table`` refuse a row of which ``broken`` (over ``NEW``) is true, whoever writes it.

    A trigger and no CHECK: SQLite can take it on later without making the table anew.
    """
    if dialect == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{name} is broken'); END"
        return [
            f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON {table} WHEN {broken} {refuse}"
            for verb in ("INSERT", "UPDATE")
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name} is broken'; END $$",
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN ({broken}) "
        f"EXECUTE FUNCTION {name}()",
    ]


def invariant_dropping_statements(name: str, table: str, dialect: str) -> list[str]:
    """The SQL that takes it off again."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}_{verb}" for verb in ("insert", "update")]
    return [f"DROP TRIGGER IF EXISTS {name} ON {table}", f"DROP FUNCTION IF EXISTS {name}()"]
