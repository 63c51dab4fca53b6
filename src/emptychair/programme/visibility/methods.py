"""The method pages as they are read in the product: one for each number that a board sees."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import markdown
from django.urls import reverse
from django.utils.safestring import SafeString

_FOLDER = files("emptychair") / "methods"
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_LINK = re.compile(r'href="([a-z-]+)\.md"')
_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)


@dataclass(frozen=True)
class MethodPage:
    """One page; its text is our own, written in English."""

    title: str
    text: SafeString


def method_names() -> tuple[str, ...]:
    """Return the names of the pages; `README` lists them."""
    return tuple(sorted(_names()))


def method_page(name: str) -> MethodPage:
    """Return the page `name`.

    Raises:
        KeyError: there is no such page.
    """
    if name not in method_names():
        raise KeyError(name)
    return _rendered(name)


@cache
def _rendered(name: str) -> MethodPage:
    source = _COMMENT.sub("", (_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    title, _, text = source.partition("\n")
    html = markdown.markdown(text, extensions=["tables", "fenced_code"], output_format="html")
    html = _LINK.sub(lambda found: f'href="{_address(found[1])}"', html)
    html = _TABLE.sub(
        r'<div class="ec-scroll" tabindex="0"><table class="ec-table">\1</table></div>', html
    )
    return MethodPage(title.lstrip("# "), SafeString(html))


def _address(name: str) -> str:
    return reverse("visibility:method", args=[name])


def _names() -> Iterator[str]:
    return (path.name.removesuffix(".md") for path in _FOLDER.iterdir() if path.name[-3:] == ".md")
