"""The content's hash: blind to storage, order and pieces, and to nothing else."""

import datetime as dt
import time
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mock_data.content_hash import ContentHasher, content_hash
from mock_data.schema import TABLES
from mock_data.schema.declaration import FieldType
from mock_data.schema.render import arrow_schema
from tests.examples import examples

KEY = "crm.order_item"
SCHEMA = arrow_schema(TABLES[KEY])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
MADE_OF = {
    FieldType.BOOLEAN: st.booleans(),
    FieldType.INTEGER: st.integers(-(2**63) + 1, 2**63 - 1),
    FieldType.MONEY: st.integers(-(10**17), 10**17).map(lambda cents: Decimal(cents).scaleb(-2)),
    FieldType.PERCENT: st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths).scaleb(-2)),
    FieldType.DATE: st.dates(),
    FieldType.DATETIME: st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)).map(
        lambda at: at.replace(microsecond=0)
    ),
}
rows = st.fixed_dictionaries({f.name: st.none() | MADE_OF.get(f.type, TEXTS) for f in TABLES[KEY].fields})


def batch(content: list[dict[str, object]]) -> pa.RecordBatch:
    schema = pa.schema([pa.field(f.name, f.type) for f in SCHEMA])
    return pa.RecordBatch.from_pylist(content, schema=schema)


@examples(50)
@given(st.lists(rows, max_size=6), st.randoms(use_true_random=False), st.integers(0, 6))
def test_neither_order_nor_pieces_nor_dictionaries_matter(content, chance, cut):
    expected = content_hash([(KEY, batch(content))])
    chance.shuffle(content)
    whole = batch(content)
    coded = [a.dictionary_encode() if pa.types.is_string(a.type) else a for a in whole.columns]
    again = pa.RecordBatch.from_arrays(coded, names=SCHEMA.names)
    assert content_hash([(KEY, again[cut:]), (KEY, whole[:cut])]) == expected
    parts = [ContentHasher(), ContentHasher()]
    parts[0].update(KEY, whole[:cut])
    parts[1].update(KEY, again[cut:])
    total = ContentHasher()
    for part in parts:
        total.add(part.sums)
    assert (total.hexdigest(), total.rows) == (expected, len(content))


@examples(50)
@given(st.lists(rows, min_size=1, max_size=4), st.data())
def test_every_value_counts(content, data):
    row = data.draw(st.integers(0, len(content) - 1))
    name = data.draw(st.sampled_from(SCHEMA.names))
    other = data.draw(st.none() | MADE_OF.get(TABLES[KEY].field(name).type, TEXTS))
    changed = [*content]
    changed[row] = content[row] | {name: other}
    is_same = other == content[row][name]
    assert (content_hash([(KEY, batch(content))]) == content_hash([(KEY, batch(changed))])) == is_same


@examples(50)
@given(st.lists(rows, min_size=1, max_size=4))
def test_a_row_twice_is_not_a_row_once_and_tables_are_told_apart(content):
    one = batch(content)
    assert content_hash([(KEY, one)]) != content_hash([(KEY, one), (KEY, one[:1])])
    assert content_hash([(KEY, one)]) != content_hash([])
    assert content_hash([(KEY, one[:0])]) == content_hash([])


def test_values_change_places_between_rows_and_columns():
    a, b = ({f.name: None for f in TABLES[KEY].fields} | {"id": x, "order_id": y} for x, y in (("1", "2"), ("3", "4")))
    crossed = [a | {"order_id": "4"}, b | {"order_id": "2"}]
    turned = [{**r, "id": r["order_id"], "order_id": r["id"]} for r in (a, b)]
    assert len({content_hash([(KEY, batch(rows))]) for rows in ([a, b], crossed, turned)}) == 3


def test_one_long_text_among_many_costs_its_own_length_only():
    names = pa.concat_arrays([pa.array([str(n) for n in range(1_000_000)]), pa.array(["x" * 200_000])])
    schema = [pa.field(f.name, f.type) for f in arrow_schema(TABLES["crm.contact"])]
    columns = [names if f.name == "last_name" else pa.nulls(len(names), f.type) for f in schema]
    began = time.process_time()
    content_hash([("crm.contact", pa.table(columns, schema=pa.schema(schema)))])
    assert time.process_time() - began < 6  # where every place of the long one looks at all the others: 20
