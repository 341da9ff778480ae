"""How the database finds what a claim asks for: what is delivered must cost nothing, however much there is."""

import json

from sqlalchemy import event, text

from mailbridge.ledger.settle import Outgoing, Settlement
from mailbridge.sdk import Author
from mailbridge.testing.interests import make_card

BULK = 20_000


def fill(kit, state, first, *, due):
    body = json.dumps({})
    numbers = "WITH RECURSIVE c(n) AS (SELECT CAST(:first AS bigint) UNION ALL SELECT n + 1 FROM c WHERE n < :last)"
    span = {"first": first, "last": first + BULK - 1}
    with kit.ledger.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO interest (id, mail_id, position, kind, channel, network, occurred_at, body, created_at) "
                f"{numbers} SELECT 'bulk' || n, (SELECT min(id) FROM mail), 0, 'x', 'x', 'x', 0, :body, 0 FROM c"
            ),
            span | {"body": body},
        )
        connection.execute(
            text(
                "INSERT INTO delivery"
                " (key, interest_id, sink, account_id, lane, fresh, state, due, created_at, updated_at) "
                f"{numbers} SELECT 'bulk' || n, 'bulk' || n, 'crm', 'crm', 'lane' || (n % 500), true, :state, :due, 0,"
                " 0 FROM c"
            ),
            span | {"state": state, "due": due},
        )


def statements_of(kit, work):
    """Return what is asked of the database while something is done."""
    seen = []

    def note(_connection, _cursor, statement, parameters, _context, many):
        if not many:
            seen.append((statement, parameters))

    event.listen(kit.ledger.database.engine, "before_cursor_execute", note)
    work()
    event.remove(kit.ledger.database.engine, "before_cursor_execute", note)
    return seen


def plan_of(kit, statement, parameters):
    words = "EXPLAIN QUERY PLAN " if kit.ledger.database.is_sqlite else "EXPLAIN "
    with kit.ledger.database.write() as connection:
        lines = connection.exec_driver_sql(words + statement, parameters).all()
    return "\n".join(str(line) for line in lines)


def test_no_question_of_a_claim_walks_over_what_is_delivered_or_waits(kit):
    kit.deliver(1, lane="anna")
    fill(kit, "delivered", 1, due=0)
    fill(kit, "waiting", BULK + 1, due=4e9)
    if not kit.ledger.database.is_sqlite:
        with kit.ledger.database.write() as connection:
            connection.execute(text("ANALYZE"))
    asked = [one for one in statements_of(kit, kit.claim) if " delivery" in one[0]]
    assert len(asked) >= 7
    for statement, parameters in asked:
        assert "due <= extract" not in statement, "what a function returns can't be looked up in an index"
        plan = plan_of(kit, statement, parameters)
        for walk in ("Seq Scan on delivery", "SCAN delivery", "Hash", "Merge Join"):
            assert walk not in plan, f"{statement}\n{plan}"


def test_what_is_known_of_a_person_costs_the_same_however_much_they_wrote(kit):
    record = make_card(1, author=Author(email="anna@example.org"))
    out = Outgoing(key="mb1-anna", sink="crm", account_id="crm", lane=None)
    kit.ledger.reader.settle([Settlement(kit.store(1), "parsed", interests=((record, (out,)),))], searches_first=False)
    fill(kit, "delivered", 1, due=0)
    with kit.ledger.database.write() as connection:  # half of them Anna's, the others a stranger's each
        connection.execute(text("UPDATE delivery SET person_id = CASE id % 2 WHEN 0 THEN id + 100 ELSE 1 END"))
        if not kit.ledger.database.is_sqlite:
            connection.execute(text("ANALYZE"))
    asked = [one for one in statements_of(kit, kit.claim) if "FROM person" in one[0]]
    assert len(asked) == 2
    for statement, parameters in asked:
        plan = plan_of(kit, statement, parameters)
        assert "ix_delivery_of_person" in plan, f"{statement}\n{plan}"
        assert "TEMP B-TREE" not in plan, "it would be sorted: all of it read"
        assert "Sort" not in plan, "it would be sorted: all of it read"
