"""The schema's tables and diagram hold all that is declared."""

import re
from itertools import combinations
from xml.etree import ElementTree

from book.schema_tables import (
    _HEIGHT,
    _LETTERS,
    _POSITIONS,
    _WIDTH,
    _corner,
    field_table,
    object_table,
    reference_page,
    schema_diagram,
)
from mock_data.schema import CRM


def test_every_object_and_field_has_its_row() -> None:
    page = reference_page()
    for crm_object in CRM.values():
        assert f"\n## {crm_object.name}\n" in page
        assert field_table(crm_object.name).html in page
        for field in crm_object.fields:
            assert f"<code>{field.name}</code>" in field_table(crm_object.name).html


def test_personal_data_is_marked() -> None:
    for crm_object in CRM.values():
        personal = [field for field in crm_object.fields if field.personal]
        assert field_table(crm_object.name).html.count("personal data</span>") == len(personal)


def test_a_link_leads_to_every_section() -> None:
    anchors = re.findall(r'href="#([^"]+)"', object_table(link=True).html)
    assert anchors == [name.replace("_", "-") for name in CRM]


def test_the_diagram_shows_every_object_once_and_none_over_another() -> None:
    assert _POSITIONS.keys() == CRM.keys()
    for one, other in combinations(CRM, 2):
        (x1, y1), (x2, y2) = _corner(one), _corner(other)
        assert abs(x1 - x2) >= _WIDTH or abs(y1 - y2) >= _HEIGHT, (one, other)


def test_the_diagram_draws_every_reference_but_those_to_users() -> None:
    diagram = schema_diagram().html
    svg = ElementTree.fromstring(diagram[diagram.index("<svg") : diagram.index("</svg>") + 6])
    links = {(o.name, to) for o in CRM.values() for f in o.fields for to in f.references if to not in (o.name, "user")}
    assert len(svg.findall("{*}path")) == len(links)
    assert "\n\n" not in diagram  # a blank line would end the HTML block of the Markdown page


def boxes(diagram: str) -> list[str]:
    """The names in the boxes of a diagram, whose lines are put together."""
    return ["".join(re.findall(r">([^<]+)</tspan>", text)) for text in re.findall(r"<text.*?</text>", diagram)]


def test_a_diagram_of_some_objects_draws_only_those() -> None:
    diagram = schema_diagram(["order", "order_item"]).html
    assert boxes(diagram) == ["order", "order_item"]
    assert diagram.count("<path") == 1
    assert diagram.count("<li ") == 2


def test_the_words_of_the_diagram_are_as_large_as_text_and_stay_in_their_boxes() -> None:
    """At 1280 px the page without a table of contents has 896 px for all objects, a chapter 688 for four columns."""
    diagram = schema_diagram().html
    assert sorted(boxes(diagram)) == sorted(CRM)
    widest = float(re.findall(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+)', diagram)[0])
    assert widest <= 896
    assert 'font-size="13"' in diagram
    shrunk = float(re.findall(r"min-width: ([\d.]+)px", diagram)[0])
    assert 13 * shrunk / widest >= 12
    for line in re.findall(r">([^<]+)</tspan>", diagram):
        assert len(line) <= _LETTERS
    shop = schema_diagram(name for name, (column, _) in _POSITIONS.items() if column > 0).html
    assert float(re.findall(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+)', shop)[0]) <= 688


def test_the_list_says_what_the_lines_show() -> None:
    said = schema_diagram().html.replace("<wbr>", "")
    for crm_object in CRM.values():
        (item,) = re.findall(rf"<strong>{crm_object.name}</strong>(.*?)</li>", said)
        always, _, perhaps = item.partition("may point at")
        fields = [f for f in crm_object.fields if set(f.references) - {crm_object.name, "user"}]
        sure = {to for f in fields if len(f.references) == 1 for to in f.references} - {crm_object.name, "user"}
        assert set(re.findall(r"<code>(\w+)</code>", always)) == sure
        assert set(re.findall(r"<code>(\w+)</code>", perhaps)) == {
            to for f in fields if len(f.references) > 1 for to in f.references
        } - sure - {crm_object.name, "user"}
