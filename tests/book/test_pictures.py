"""What pages carry becomes files of the site, with nothing lost and nothing else changed."""

import html
import re
from pathlib import Path
from urllib.parse import unquote

import altair as alt
import pandas as pd
import pytest

from book.charts import show
from book.pictures import take_out

DATA = pd.DataFrame({"x": range(50), "kind": ['"quoted", it\'s & <b>'] * 50})


@pytest.fixture(scope="module")
def figure() -> str:
    chart = alt.Chart(DATA).mark_line().encode(x="x:Q", y="x:Q")
    return show(chart, alt="A line that rises.", caption="A line").html()


def site(folder: Path, figure: str) -> Path:
    for name in ("index", "notebooks/one", "notebooks/two"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / f"{name}.html").write_text(
            f"<p>before</p>{figure}<img src='data:image/png,x' alt=''>", encoding="utf-8"
        )
    return folder


def test_pictures_and_numbers_become_files_with_the_same_content(tmp_path: Path, figure: str) -> None:
    assert take_out(site(tmp_path, figure)) == 3 * 5  # two themes in two widths, and the numbers
    carried = [unquote(found) for found in re.findall(r"'data:(?:image/svg\+xml|text/csv[^,]*),([^']*)'", figure)]
    for name in ("index", "notebooks/one"):
        page = tmp_path / f"{name}.html"
        addresses = re.findall(r'(?:src|srcset|href)="([^"]+)"', page.read_text(encoding="utf-8"))
        files = [page.parent / address for address in addresses]
        assert [path.read_text(encoding="utf-8") for path in files] == carried
        assert {path.suffix for path in files} == {".svg", ".csv"}


def test_the_numbers_in_the_file_are_all_of_the_charts(figure: str) -> None:
    found = re.search(r"href='data:text/csv[^,]*,([^']*)'>All 50 rows", figure)
    assert found is not None
    assert unquote(html.unescape(found[1])) == DATA.to_csv(index=False)
    assert figure.count("<tr>") < 20


def test_the_page_loads_no_picture_before_it_is_near_and_knows_its_place(tmp_path: Path, figure: str) -> None:
    take_out(site(tmp_path, figure))
    text = (tmp_path / "notebooks" / "one.html").read_text(encoding="utf-8")
    images = re.findall(r"<img (?!src='data:image/png)[^>]*>", text)
    assert len(images) == 2
    for image in images:
        assert 'loading="lazy"' in image
    for tag in re.findall(r"<(?:img(?! src='data:image/png)|source) [^>]*>", text):
        assert re.search(r' width="\d+" height="\d+"', tag)
    assert "data:image/svg" not in text
    assert text.startswith("<p>before</p><figure")
    assert text.endswith("<img src='data:image/png,x' alt=''>")


def test_a_second_time_changes_nothing(tmp_path: Path, figure: str) -> None:
    take_out(site(tmp_path, figure))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert take_out(tmp_path) == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
