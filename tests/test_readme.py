"""The README speaks of files and commands that exist."""

import re

import pytest

from warehouse.settings import PROJECT_ROOT

README = (PROJECT_ROOT / "README.md").read_text()
# [text](target) and ![text](target "title"), without addresses elsewhere and anchors on the page
LINKS = sorted({link for link in re.findall(r"\]\(([^)\s]+)", README) if not re.match(r"[a-z]+:|#", link)})
COMMANDS = sorted(
    set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(re.findall(r"`[^`\n]+`|^```.*?^```", README, re.M | re.S))))
)
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(), re.M))


def test_readme_shows_a_picture_and_names_the_two_commands() -> None:
    assert re.search(r"!\[[^\]]+\]\(", README)
    assert {"demo", "test"} <= set(COMMANDS)


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_to_a_file(link: str) -> None:
    assert (PROJECT_ROOT / link.partition("#")[0]).exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_make_command_is_a_target(command: str) -> None:
    assert command in TARGETS
