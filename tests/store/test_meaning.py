"""Every error of a database has one meaning, by its code, and every meaning one treatment."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, TimeoutError

from relink.adapters.store import StoreDefectError, StoreUnavailableError
from relink.adapters.store.meaning import (
    REFUSALS,
    SQLITE_CODES,
    SQLSTATES,
    TREATMENTS,
    Fate,
    Meaning,
    meaning_of,
)
from relink.adapters.store.translation import translated


def known_errors() -> dict[str, type[psycopg.Error]]:
    """Psycopg's class for each SQLSTATE."""
    found = (getattr(errors, name) for name in dir(errors))
    kinds = [each for each in found if isinstance(each, type) and issubclass(each, psycopg.Error)]
    return {kind.sqlstate: kind for kind in kinds if isinstance(kind.sqlstate, str)}


def test_every_meaning_has_a_treatment():
    assert set(TREATMENTS) == set(Meaning)
    for treatment in TREATMENTS.values():
        assert treatment.sentence.endswith(".")
        assert treatment.cure.endswith(".")


def test_every_code_of_the_table_exists():
    known = known_errors()
    classes = {code[:2] for code in known}
    for code in SQLSTATES:
        assert code in known or code in classes, code


@pytest.mark.parametrize(
    ("classes", "meanings"),
    [
        ("08", {Meaning.LOST}),
        ("25", {Meaning.READ_ONLY, Meaning.LOST, Meaning.DEFECT}),
        ("26", {Meaning.FORGOTTEN}),
        ("28 3D 3F", {Meaning.MISCONFIGURED}),
        ("40", {Meaning.CONFLICT, Meaning.LOST}),
        ("53", {Meaning.FULL, Meaning.EXHAUSTED}),
        ("55", {Meaning.BUSY}),
        ("57", {Meaning.LOST, Meaning.BUSY, Meaning.MISCONFIGURED}),
        ("58", {Meaning.DAMAGED}),
        ("22 54", {Meaning.DEFECT}),
    ],
)
def test_a_class_of_codes_has_these_meanings(classes: str, meanings: set[Meaning]):
    kinds = [kind for code, kind in known_errors().items() if code[:2] in classes.split()]
    assert {meaning_of(kind()) for kind in kinds} == meanings


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("25006", Meaning.READ_ONLY),
        ("25P03", Meaning.LOST),
        ("26000", Meaning.FORGOTTEN),
        ("40P01", Meaning.CONFLICT),
        ("42501", Meaning.MISCONFIGURED),
        ("42P01", Meaning.MISCONFIGURED),
        ("42601", Meaning.DEFECT),
        ("53100", Meaning.FULL),
        ("53300", Meaning.EXHAUSTED),
        ("55P03", Meaning.BUSY),
        ("57014", Meaning.BUSY),
        ("57P01", Meaning.LOST),
        ("23505", Meaning.CONFLICT),
        ("22001", Meaning.DEFECT),
    ],
)
def test_a_code_means_the_same_whatever_class_the_driver_gives_it(code: str, meaning: Meaning):
    raised = known_errors()[code]("ERROR")
    assert meaning_of(raised) is meaning
    assert meaning_of(DBAPIError("SELECT 1", None, raised)) is meaning


def test_what_never_reached_a_server_is_a_lost_connection():
    with pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect("host=127.0.0.1 port=1 connect_timeout=2")
    assert meaning_of(refused.value) is Meaning.LOST
    assert meaning_of(TimeoutError()) is Meaning.EXHAUSTED
    assert meaning_of(ValueError()) is None


@pytest.mark.parametrize(
    ("reasons", "meaning"),
    [
        (['FATAL:  password authentication failed for user "me"'], Meaning.MISCONFIGURED),
        (["FATAL:  sorry, too many clients already"], Meaning.EXHAUSTED),
        (["FATAL:  the database system is starting up"], Meaning.LOST),
        (["Connection refused", 'FATAL:  role "me" does not exist'], Meaning.LOST),
        (['FATAL:  no pg_hba.conf entry for host "::1", no encryption'] * 2, Meaning.MISCONFIGURED),
        (["FATAL:  Passwort-Authentifizierung fehlgeschlagen"], Meaning.LOST),
    ],
)
def test_a_refused_connection_is_known_by_its_text_if_all_hosts_agree(
    reasons: list[str], meaning: Meaning
):
    address = 'connection to server on socket "/role "x" does not exist/.s.PGSQL.5432"'
    text = "\n".join(f"{address} failed: {reason}" for reason in reasons)
    assert meaning_of(psycopg.OperationalError(text)) is meaning


def test_every_refusal_stands_for_a_code_of_the_table():
    for code in REFUSALS.values():
        assert code in SQLSTATES or code[:2] in SQLSTATES, code


def test_codes_of_sqlite_are_known_by_their_primary_part():
    for code, meaning in SQLITE_CODES.items():
        if code < 256:
            assert meaning_of(of_sqlite(code | (200 << 8))) is meaning


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (sqlite3.SQLITE_IOERR_WRITE, Meaning.FULL),
        (sqlite3.SQLITE_IOERR_NOMEM, Meaning.FULL),
        (sqlite3.SQLITE_IOERR_LOCK, Meaning.BUSY),
        (sqlite3.SQLITE_IOERR_READ, Meaning.DAMAGED),
        (sqlite3.SQLITE_IOERR_FSYNC, Meaning.DAMAGED),
    ],
)
def test_an_extended_code_of_sqlite_takes_precedence(code: int, meaning: Meaning):
    assert meaning_of(of_sqlite(code)) is meaning


def of_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it")
    error.sqlite_errorcode = code
    return error


def test_only_a_wrong_server_costs_all_connections():
    dropped = {meaning for meaning in Meaning if meaning.treatment.fate is Fate.DROP_ALL}
    assert dropped == {Meaning.LOST, Meaning.READ_ONLY}
    helpless = {meaning for meaning in Meaning if meaning.treatment.retry_after is None}
    assert helpless == {Meaning.MISCONFIGURED, Meaning.DAMAGED, Meaning.DEFECT}


def test_a_translated_error_repeats_no_value():
    private = "Key (id)=(evt_private) already exists."
    for code in ("23505", "22001", "40001"):
        found = translated(known_errors()[code](private))
        assert found is not None
        assert "private" not in str(found)
        assert code in str(found)
    assert isinstance(translated(known_errors()["22001"](private)), StoreDefectError)
    lost = translated(known_errors()["57P01"]("terminating connection"))
    assert isinstance(lost, StoreUnavailableError)
    assert "terminating connection" in lost.advice
    assert lost.meaning.treatment.cure in lost.advice


def test_the_page_lists_every_meaning_with_its_answer():
    page = (Path(__file__).parents[2] / "docs" / "databases.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines()]
    answers = {row[0].strip("`"): row[2] for row in rows if len(row) == 4}
    for meaning in Meaning:
        expected = "500" if meaning.treatment.retry_after is None else "503"
        assert expected in answers[meaning.value], meaning
        if meaning is not Meaning.CONFLICT:
            assert ("second try" in answers[meaning.value]) is meaning.treatment.again, meaning
