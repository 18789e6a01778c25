"""Any log of transactions lands whole: every row is an order or a refusal with its line, and nothing is guessed."""

import csv
import datetime as dt
import hashlib
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_data import sinks
from mock_data.cli import main
from mock_data.content_hash import content_hash
from mock_data.schema import CRM
from mock_data.schema.declaration import FieldType
from mock_data.transactions import parse, read
from mock_data.transactions.command import Outcome, import_file, summary
from tests.examples import examples
from warehouse.connect import postgres_dsn
from warehouse.errors import UserError
from warehouse.settings import Settings

COLUMNS = {"customer": "customer", "date": "date", "amount": "amount"}
WITH_QUANTITY = COLUMNS | {"quantity": "quantity"}
LOG = """customer,date,amount,quantity
anna,2024-02-29,10.00,3
ben,2024-03-01 23:59:59,0.00,1
anna,2024-03-02T01:30:00+02:00,12.50,2
anna,2024-03-02T01:30:00+02:00,12.50,2
"""


def write(folder: Path, text: str, name: str = "log.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def parsed(path: Path, columns: dict[str, str] = WITH_QUANTITY, **options: Any) -> list[dict[str, Any]]:
    """The file's rows as parsed: a list of columns by name."""
    kind, encoding = options.pop("format", None), options.pop("encoding", "utf-8")
    where = read.layout(path, columns, kind, encoding)
    with parse.database() as connection:
        rows = read.read(path, where)
        conventions = parse.Conventions(**options)
        parse.parse(connection, rows, conventions, width=where.width, has_quantity="quantity" in columns)
        columns = "line, customer, bought_at, (100 * amount)::bigint as cents, quantity, reason"
        return connection.execute(f"select {columns} from parsed").to_arrow_table().to_pylist()


def reason(folder: Path, customer: str, date: str, amount: str, quantity: str = "1", **options: Any) -> str | None:
    """Why a row is refused; None where it lands."""
    out = io.StringIO()
    csv.writer(out).writerows([["customer", "date", "amount", "quantity"], [customer, date, amount, quantity]])
    (row,) = parsed(write(folder, out.getvalue()), **options)
    found: str | None = row["reason"]
    return found


def land(path: Path, folder: Path, columns: dict[str, str] = WITH_QUANTITY, **options: Any) -> tuple[Outcome, Path]:
    warehouse = folder / "landed.duckdb"
    return import_file(path, columns, to=f"duckdb:{warehouse}", **options), warehouse


def query(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


# --- landing ---------------------------------------------------------------------------------------------------------


def test_a_row_is_an_order_with_one_item_and_a_customer_one_contact(tmp_path: Path) -> None:
    outcome, warehouse = land(write(tmp_path, LOG), tmp_path)
    assert (outcome.read, outcome.landed, outcome.refused, outcome.customers) == (4, 4, 0, 2)
    assert (outcome.total_cents, outcome.zero_amounts, outcome.as_of) == (3500, 1, dt.date(2024, 3, 1))
    orders = query(
        warehouse,
        """select o.order_number, c.last_name, o.activated_date, o.effective_date, o.status, o.type, o.total_amount,
                  i.quantity, i.unit_price, i.total_price, c.created_date
           from crm."order" as o
           inner join crm.contact as c on c.id = o.bill_to_contact_id
           inner join crm.order_item as i on i.order_id = o.id
           order by o.id""",
    )
    first, second = dt.datetime(2024, 2, 29), dt.datetime(2024, 3, 1, 23, 59, 59)
    third = dt.datetime(2024, 3, 1, 23, 30)  # brought to UTC
    kept = ("Activated", "Retail")
    assert orders == [
        ("2", "anna", first, first.date(), *kept, Decimal("10.00"), 3, Decimal("3.33"), Decimal("10.00"), first),
        ("3", "ben", second, second.date(), *kept, Decimal("0.00"), 1, Decimal("0.00"), Decimal("0.00"), second),
        ("4", "anna", third, third.date(), *kept, Decimal("12.50"), 2, Decimal("6.25"), Decimal("12.50"), first),
        # an equal line is an order of its own
        ("5", "anna", third, third.date(), *kept, Decimal("12.50"), 2, Decimal("6.25"), Decimal("12.50"), first),
    ]


def test_every_reference_resolves_and_every_id_is_of_its_object(tmp_path: Path) -> None:
    _, warehouse = land(write(tmp_path, LOG), tmp_path)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table in CRM.values():
            rows = connection.execute(f'select * from crm."{table.name}"').to_arrow_table()
            assert all(i.startswith(table.prefix) for i in rows["id"].to_pylist()), table.name
            for field in table.fields if len(rows) else ():
                if field.type is FieldType.REFERENCE:
                    targets = " union all ".join(f'select id from crm."{name}"' for name in field.references)
                    found = {i for (i,) in connection.execute(targets).fetchall()}
                    assert set(rows[field.name].drop_null().to_pylist()) <= found, f"{table.name}.{field.name}"


def test_what_the_log_does_not_say_is_null(tmp_path: Path) -> None:
    _, warehouse = land(write(tmp_path, LOG), tmp_path)
    row = query(
        warehouse,
        """select first_name, email, birthdate, lead_source, mailing_country, shipping_address_id, total_tax_amount,
                  tax_c, discount, unit_cost_c, stock_quantity_c, account_source
           from crm."order" as o, crm.contact, crm.order_item, crm.product_2, crm.account limit 1""",
    )
    assert row == [(None,) * 12]


def test_twice_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, LOG)
    first, warehouse = land(path, tmp_path)
    before = (warehouse.read_bytes(), first.refused_report.read_bytes())
    second, _ = land(path, tmp_path)
    assert (warehouse.read_bytes(), second.refused_report.read_bytes()) == before
    assert second.unchanged
    assert not first.unchanged


def test_ids_come_from_file_and_line(tmp_path: Path) -> None:
    def ids(folder: str, text: str) -> tuple[list[str], list[str]]:
        (tmp_path / folder).mkdir()
        _, warehouse = land(write(tmp_path / folder, text), tmp_path / folder)
        orders, contacts = (query(warehouse, f"select id from crm.{t} order by id") for t in ('"order"', "contact"))
        return [i for (i,) in orders], [i for (i,) in contacts]

    again, changed = ids("again", LOG), ids("changed", LOG + "cleo,2024-03-03,1.00,1\n")
    assert ids("once", LOG) == again
    assert len(set(again[0])) == 4
    assert not set(again[0] + again[1]) & set(changed[0] + changed[1])


def test_the_same_rows_land_on_postgres(postgres: Settings, tmp_path: Path) -> None:
    path = write(tmp_path, LOG)
    _, warehouse = land(path, tmp_path)
    dsn = postgres_dsn(postgres)
    outcome = import_file(path, WITH_QUANTITY, to=dsn, refused_report=tmp_path / "refused.csv")
    assert not outcome.unchanged
    hashes = {content_hash(sinks.read_tables(url)) for url in (dsn, f"duckdb:{warehouse}")}
    assert len(hashes) == 1
    assert import_file(path, WITH_QUANTITY, to=dsn, refused_report=tmp_path / "refused.csv").unchanged
    other = write(tmp_path, LOG + "\nx,2024-01-01,1,1", "other.csv")
    with pytest.raises(UserError, match="holds another log") as error:
        import_file(other, WITH_QUANTITY, to=dsn, refused_report=tmp_path / "refused.csv")
    assert postgres.postgres_password
    assert postgres.postgres_password.get_secret_value() not in str(error.value)


def test_parquet_folder_as_a_place(tmp_path: Path) -> None:
    path = write(tmp_path, LOG)
    to = f"parquet:{tmp_path / 'landed'}"
    assert not import_file(path, WITH_QUANTITY, to=to, refused_report=tmp_path / "refused.csv").unchanged
    assert import_file(path, WITH_QUANTITY, to=to, refused_report=tmp_path / "refused.csv").unchanged
    _, warehouse = land(path, tmp_path)
    assert content_hash(sinks.read_tables(to)) == content_hash(sinks.read_tables(f"duckdb:{warehouse}"))


def test_an_address_with_slashes_names_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, LOG + "\nx,no day,1,1")
    outcome = import_file(path, WITH_QUANTITY, to="duckdb://landed.duckdb")
    assert outcome.refused_report == Path("landed.refused.csv") and outcome.refused_report.exists()
    assert f"WAREHOUSE_PATH={tmp_path / 'landed.duckdb'} " in summary(outcome, path)
    with pytest.raises(UserError, match="--to names"):
        import_file(path, WITH_QUANTITY, to=f"parquet://{path.name}")


# --- every row accounted for -----------------------------------------------------------------------------------------

CELLS = st.sampled_from(["", "a", "b ", 'say "hi"', "x,y", "two\nlines", "2024-01-05", "20240105", "05/01/2024", "1.5",
                         "-2", "1,000.00", "0.001", "nan", "3"])  # fmt: skip
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=12)


@given(
    rows=ROWS, blanks=st.integers(0, 2), end=st.sampled_from(["\n", "\r\n"]), block=st.sampled_from([3, 17, 1 << 20])
)
@examples(60)
def test_lines_and_fields_are_those_a_plain_reader_finds(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], blanks: int, end: str, block: int
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(["customer", "date", "amount", "quantity"])
    expected = []
    for row in rows:
        out.write(end * blanks)
        expected.append((out.getvalue().count("\n") + 1, *(cell.strip() for cell in row)))
        writer.writerow(row)
    path = write(tmp_path_factory.mktemp("log"), out.getvalue())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "_BLOCK", block)
        counted = read.Blanks()
        where = read.layout(path, WITH_QUANTITY, "csv")
        tables = list(read.read(path, where, counted))
    found = [tuple(r[c] for c in ("line", *read.ROLES)) for r in pa.concat_tables(tables).to_pylist()]
    assert found == expected
    assert counted.count == blanks * len(rows)


@given(rows=ROWS)
@examples(8)
def test_each_line_is_an_order_or_in_the_report(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["customer", "date", "amount", "quantity"])
    lines = []
    for row in [*rows, ("anna", "2024-01-01", "1.00", "1")]:
        lines.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    outcome, warehouse = land(write(folder, out.getvalue()), folder)
    landed = [int(number) for (number,) in query(warehouse, 'select order_number from crm."order"')]
    with outcome.refused_report.open(newline="") as file:
        refused = [int(row["line"]) for row in csv.DictReader(file)]
    assert sorted(landed + refused) == lines
    assert (outcome.read, outcome.landed, outcome.refused) == (len(lines), len(landed), len(refused))
    assert sum(outcome.reasons.values()) == outcome.refused
    items = query(warehouse, "select coalesce(sum(total_price), 0) from crm.order_item")
    assert items == [(Decimal(outcome.total_cents) / 100,)]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("", "2024-01-05", "1"), "the customer is missing"),
        (("NULL", "2024-01-05", "1"), "the customer is missing"),
        (("a\0b", "2024-01-05", "1"), "NUL"),
        (("é" * 1_001, "2024-01-05", "1"), "the customer has more than 1000 characters"),
        (("a", "", "1"), "the date is missing"),
        (("a", "05/01/2024", "1"), "the date is not understood"),
        (("a", "2024-02-30", "1"), "the date is not understood"),
        (("a", "infinity", "1"), "the date is not understood"),
        (("a", "2024-01-05 25:00", "1"), "the date is not understood"),
        (("a", "0001-01-01", "1"), "not between 1970-01-01"),
        (("a", "2101-01-01", "1"), "not between 1970-01-01"),
        (("a", "2024-01-05", ""), "the amount is missing"),
        (("a", "2024-01-05", "NaN"), "the amount is missing"),
        (("a", "2024-01-05", "inf"), "not a number"),
        (("a", "2024-01-05", "$5"), "not a number"),
        (("a", "2024-01-05", "1_000"), "not a number"),
        (("a", "2024-01-05", "1,50"), "--decimal"),
        (("a", "2024-01-05", "1.005"), "more than two decimals"),
        (("a", "2024-01-05", "10000000000000000"), "too large"),
        (("a", "2024-01-05", "1e400"), "too large"),
        (("a", "2024-01-05", "-0.01"), "negative"),
        (("a", "2024-01-05", "1", ""), "the quantity is missing"),
        (("a", "2024-01-05", "1", "0"), "whole number"),
        (("a", "2024-01-05", "1", "1.5"), "whole number"),
        (("a", "2024-01-05", "1", "-1"), "whole number"),
        (("a", "2024-01-05", "1", "many"), "whole number"),
        (("", "x", "y", "z"), "customer is missing; the date .*; the amount .*; the quantity"),
    ],
)
def test_a_row_that_is_unclear_is_refused(tmp_path: Path, row: tuple[str, ...], why: str) -> None:
    assert re.search(why, reason(tmp_path, *row) or "it landed")


@pytest.mark.parametrize(
    ("written", "format", "is_read_as"),
    [
        ("2024-05-31", None, "2024-05-31 00:00:00"),
        ("2024/5/1", None, "2024-05-01 00:00:00"),
        ("20240531", None, "2024-05-31 00:00:00"),
        ("2024-05-31T10:15", None, "2024-05-31 10:15:00"),
        ("2024-05-31 10:15:00Z", None, "2024-05-31 10:15:00"),
        ("2024-05-31T23:30:00-05:00", None, "2024-06-01 04:30:00"),
        ("05/01/2024", "%d/%m/%Y", "2024-01-05 00:00:00"),
        ("05/01/2024", "%m/%d/%Y", "2024-05-01 00:00:00"),
        ("31.12.97 08:00", "%d.%m.%y %H:%M", "1997-12-31 08:00:00"),
        ("2024-05-31T10:00:00+0200", "%Y-%m-%dT%H:%M:%S%z", "2024-05-31 08:00:00"),
    ],
)
def test_dates(tmp_path: Path, written: str, format: str | None, is_read_as: str) -> None:
    path = write(tmp_path, f"customer,date,amount\na,{written},1\n")
    (row,) = parsed(path, COLUMNS, date_format=format)
    assert str(row["bought_at"]) == is_read_as


@pytest.mark.parametrize(
    ("written", "decimal", "cents"),
    [
        ("12", None, 1200),
        ("+.5", None, 50),
        ("1e3", None, 100_000),
        ("12.340000", None, 1234),
        ("19.990000000000002", None, 1999),  # binary arithmetic leaves this behind
        ("-0.00", None, 0),
        ("1.5e-1", None, 15),
        ("00000000000000000007", None, 700),
        ("9999999999999.99", None, 999_999_999_999_999),
        ("1,234.50", ".", 123_450),
        ("1.234,50", ",", 123_450),
        ("1 234 567,5", ",", 123_456_750),
        ("1'234.50", ".", 123_450),
        ("0,5", ",", 50),
        ("1,23", ".", None),  # no group of three
        ("1,234.50", ",", None),
        ("12,34,567", ".", None),
    ],
)
def test_amounts(tmp_path: Path, written: str, decimal: str | None, cents: int | None) -> None:
    path = write(tmp_path, f'customer;date;amount\na;2024-01-01;"{written}"\n')
    (row,) = parsed(path, COLUMNS, decimal=decimal)
    assert row["cents"] == cents, row["reason"]


def test_a_row_with_too_few_or_too_many_fields_is_refused(tmp_path: Path) -> None:
    text = "customer,date,amount\na,2024-01-01\nb,2024-01-01,1,000.00\nc,2024-01-01,1\n"
    assert [(r["line"], r["reason"]) for r in parsed(write(tmp_path, text), COLUMNS)] == [
        (2, "not 3 fields"),
        (3, "not 3 fields"),
        (4, None),
    ]


def test_a_row_of_another_width_is_in_the_report_as_written(tmp_path: Path) -> None:
    rows = ['b,2024-01-01,"1,0",00', "a,2024-01-01", '"c\nd"', "ä, 1 ,2,"]
    logs = {
        "comma": ("customer,date,amount\n\na,2024-01-01,1\n" + "\r\n".join(rows), rows),
        "tab": ("customer\tdate\tamount\na\t2024-01-01\t1\n\tx\t\t\n", ["\tx\t\t"]),
        "blank": ("customer date amount\na 2024-01-01 1\n b  x \n  \na 2024-01-02 1\n", ["b  x"]),
    }
    for name, (text, written) in logs.items():
        outcome = import_file(write(tmp_path, text, f"{name}.log"), COLUMNS, to=f"duckdb:{tmp_path / name}.duckdb")
        with outcome.refused_report.open(newline="", encoding="utf-8") as file:
            report = list(csv.DictReader(file))
        assert [row["row"] for row in report] == written
        assert {row["reason"] for row in report} == {"not 3 fields"}


def test_rows_after_the_as_of_date_are_refused(tmp_path: Path) -> None:
    outcome, _ = land(write(tmp_path, LOG), tmp_path, as_of=dt.date(2024, 2, 29))
    assert (outcome.landed, outcome.reasons) == (1, {"after the as-of date": 3})


# --- formats ---------------------------------------------------------------------------------------------------------


def test_formats_agree(tmp_path: Path) -> None:
    days = [dt.date(2024, 1, 5), dt.date(2024, 2, 29)]
    frame = {
        "customer": pa.array([7, 8]),
        "date": pa.array(days),
        "amount": pa.array([0.1 + 0.2, 1234567.89]),
        "quantity": pa.array([1.0, 2.0]),
    }
    pq.write_table(pa.table(frame), tmp_path / "log.data")
    rows = [("7", "2024-01-05", "0.30", "1"), ("8", "20240229", "1234567.89", "2")]
    logs = {
        "csv": write(tmp_path, "customer,date,amount,quantity\n" + "".join(",".join(r) + "\n" for r in rows)),
        "tab": write(
            tmp_path, "\ufeffcustomer\tdate\tamount\tquantity\r\n" + "\r\n".join("\t".join(r) for r in rows), "l.txt"
        ),
        "named": write(
            tmp_path, " customer  date amount quantity\n" + "".join("  ".join(r) + " \n" for r in rows), "n.txt"
        ),
        "parquet": tmp_path / "log.data",
    }
    values = {k: [tuple(r.values())[1:6] for r in parsed(p)] for k, p in logs.items()}
    midnight = [dt.datetime.combine(d, dt.time()) for d in days]
    assert values.pop("csv") == [("7", midnight[0], 30, 1, None), ("8", midnight[1], 123456789, 2, None)]
    for kind, found in values.items():
        assert found == [("7", midnight[0], 30, 1, None), ("8", midnight[1], 123456789, 2, None)], kind
    plain = write(tmp_path, "".join(" ".join(r) + "\n" for r in rows), "plain.txt")
    by_position = {"customer": "1", "date": "2", "amount": "3", "quantity": "4"}
    assert [(r["line"], r["customer"], r["cents"]) for r in parsed(plain, by_position)] == [
        (1, "7", 30),
        (2, "8", 123456789),
    ]


def test_parquet_types(tmp_path: Path) -> None:
    zoned = pa.array([dt.datetime(2024, 1, 1, 12), None], pa.timestamp("ns", "Europe/Berlin"))
    columns = {
        "customer": pa.array(["x", None]).dictionary_encode(),
        "date": zoned,
        "amount": pa.array([Decimal("5.50"), None], pa.decimal128(9, 4)),
    }
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    first, second = parsed(tmp_path / "log.parquet", COLUMNS)
    assert (first["customer"], str(first["bought_at"]), first["cents"]) == ("x", "2024-01-01 12:00:00", 550)
    assert second["reason"] == "the customer is missing; the date is missing; the amount is missing"


def test_other_encodings(tmp_path: Path) -> None:
    text = "customer,date,amount\nJürgen,2024-01-01,1\n"
    for encoding in ("latin-1", "utf-16", "cp1252"):
        (row,) = parsed(write(tmp_path, text, encoding=encoding), COLUMNS, encoding=encoding)
        assert row["customer"] == "Jürgen"
    (row,) = parsed(write(tmp_path, text.replace("\n", "\r")), COLUMNS)
    assert row["line"] == 2


# --- mistakes --------------------------------------------------------------------------------------------------------


def run(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run the command; its exit status and what it printed as an error."""
    monkeypatch.setattr("sys.argv", ["mock_data", "import-transactions", *arguments])
    try:
        main()
        status = 0
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, capsys.readouterr().err


def mistakes(folder: Path) -> Iterator[tuple[list[str], str]]:
    good = str(write(folder, LOG, "good.csv"))
    usual = ["--customer", "customer", "--date", "date", "--amount", "amount"]
    yield [str(folder / "none.csv"), *usual], "No such file"
    yield [str(folder), *usual], "directory"
    yield [str(write(folder, "", "empty.csv")), *usual], "is empty"
    yield [str(write(folder, "\n\n", "blank.csv")), *usual], "holds no rows"
    yield [str(write(folder, "customer,date,amount\n", "header.csv")), *usual], "holds no rows"
    yield [good, *usual[:-1], "total"], "no column of that name; its columns are customer, date, amount, quantity"
    yield [str(write(folder, "customer,date,amount,date\n1,2,3,4\n", "twice.csv")), *usual], "more than one column"
    yield [good, *usual, "--date-format", "%d/%m"], "must name a year"
    yield [good, *usual, "--date-format", "%Y-%m-%d %Q"], "does not know"
    yield [good, *usual, "--decimal", ";"], "--decimal"
    yield [good, *usual, "--encoding", "klingon"], "no such encoding"
    yield [good, *usual, "--format", "xml"], "--format xml"
    yield [good, *usual, "--as-of", "yesterday"], "--as-of yesterday"
    yield [good, *usual, "--as-of", "1969-12-31"], "--as-of 1969-12-31"
    yield [good, *usual, "--as-of", "2020-01-01"], "no row of .* can land; line 2: after the as-of date"
    yield [good, *usual, "--to", "oracle:x"], "cannot write to"
    yield [good, *usual, "--report", good], "--report names .* itself"
    yield [good, *usual, "--report", f"{good}/r.csv"], "r.csv cannot be written: a file stands .*--report"
    yield [good, *usual, "--report", str(folder)], "cannot be written: Is a directory"
    # a place that nobody can write to, whoever runs this
    yield [good, *usual, "--report", "/proc/shut.csv"], "shut.csv cannot be written: .*--report"
    yield [good, *usual, "--to", f"duckdb:{good}"], "--to names .* itself"
    yield [good, "--customer", "1", "--date", "2", "--amount", "9", "--format", "whitespace"], "has 1 columns"
    yield (
        [str(write(folder, 'customer,date,amount\na,2024-01-01,1\n5" belt,2024-01-01,1\n', "q.csv")), *usual],
        "line 3: a quot",
    )
    yield [str(write(folder, 'customer,date,amount\n"a,2024-01-01,1\n', "o.csv")), *usual], "line 2: .* is never closed"
    yield (
        [str(write(folder, "customer,date,amount\nJürgen,2024-01-01,1\n", "l.csv", "latin-1")), *usual],
        "line 2 is not utf-8",
    )
    yield [str(write(folder, LOG, "w.csv", "utf-16")), *usual], "give --encoding utf-16"
    (folder / "z.csv").write_bytes(b"PK\x03\x04rest")
    yield [str(folder / "z.csv"), *usual], "spreadsheet"
    (folder / "p.parquet").write_bytes(b"PAR1rest")
    yield [str(folder / "p.parquet"), *usual], "not a Parquet file"
    yield [good, *usual, "--quantity", "2"], "no column of that name"
    yield [good, "--customer", "customer"], "--date"


def test_every_mistake_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (arguments, line) in enumerate(mistakes(tmp_path)):
        warehouse = tmp_path / f"{number}.duckdb"
        to = [] if "--to" in arguments else ["--to", f"duckdb:{warehouse}"]
        before = hashlib.sha256(Path(arguments[0]).read_bytes()).digest() if Path(arguments[0]).is_file() else b""
        status, error = run([*arguments, *to], capsys, monkeypatch)
        assert status in (1, 2), arguments
        assert re.search(line, error), (arguments, error)
        assert error.startswith("error: ")
        assert error.count("\n") == 1, error
        assert not warehouse.exists(), arguments
        if before:
            assert hashlib.sha256(Path(arguments[0]).read_bytes()).digest() == before


def test_a_warehouse_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, LOG)
    _, warehouse = land(path, tmp_path)
    before = warehouse.read_bytes()
    with pytest.raises(UserError, match=r"holds another log, log\.csv"):
        land(write(tmp_path, LOG + "x,2024-01-01,1,1\n", "other.csv"), tmp_path)
    assert warehouse.read_bytes() == before

    mock = tmp_path / "mock.duckdb"
    with sinks.open_sink(f"duckdb:{mock}", loader="mock_data", settings={}):
        pass
    foreign = tmp_path / "foreign.duckdb"
    with duckdb.connect(str(foreign)) as connection:
        connection.execute("create schema crm; create table crm.contact (id integer)")
    for place, why in ((mock, "filled by mock_data"), (foreign, "did not make")):
        before = place.read_bytes()
        with pytest.raises(UserError, match=why):
            import_file(path, COLUMNS, to=f"duckdb:{place}")
        assert place.read_bytes() == before


def test_other_options_replace_what_the_same_file_landed(tmp_path: Path) -> None:
    path = write(tmp_path, LOG)
    land(path, tmp_path, COLUMNS)
    outcome, warehouse = land(path, tmp_path, WITH_QUANTITY)
    assert not outcome.unchanged
    assert query(warehouse, "select sum(quantity) from crm.order_item") == [(8,)]
    # a run that fails leaves what was there
    with pytest.raises(UserError, match="no row"):
        land(path, tmp_path, as_of=dt.date(2000, 1, 1))
    with pytest.raises(UserError, match="cannot be written"):
        land(path, tmp_path, COLUMNS, refused_report=path / "r.csv")
    assert query(warehouse, "select sum(quantity) from crm.order_item") == [(8,)]
