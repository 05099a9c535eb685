"""Hooks of mkdocs: documents from all over the checkout as one site, with links that hold.

The documents link to files beside them, as a reader of the checkout needs it. On the site README.md
is the first page, the other documents outside docs/ have pages too, and what else is linked, nets
and programs, comes along as files. Source of the events: the plugin documentation of mkdocs.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# documents outside docs/ that are pages, and where
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "sn/README.md": "sn/README.md",
    "bench/README.md": "bench/README.md",
}
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")
_CODE = re.compile(r"(^```.*?^```|`[^`\n]*`)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside docs/, and all files that any page links to."""
    for source, place in PAGES.items():
        content = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=content))
    there = {file.src_uri for file in files}
    for page in list(files.documentation_pages()):
        text = (ROOT / _source(page.src_uri)).read_text(encoding="utf-8")
        for target in _targets(text, _source(page.src_uri)):
            place = _place(target)
            if place not in there and (ROOT / target).is_file():
                there.add(place)
                files.append(File.generated(config, place, abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links lead from page to page of the site."""
    here = page.file.src_uri
    source = _source(here)

    def relinked(match: re.Match[str]) -> str:
        start, link, end = match.groups()
        path, mark, anchor = link.partition("#")
        target = _target(path, source)
        if target is None or (ROOT / target).is_dir():
            # folders have no page: their name stays
            return match[0] if target is None else match[1][1:-2]
        place = posixpath.relpath(_place(target), posixpath.dirname(here) or ".")
        return f"{start}{place}{mark}{anchor}{end}"

    parts = _CODE.split(markdown)
    return "".join(
        part if number % 2 else _LINK.sub(relinked, part) for number, part in enumerate(parts)
    )


def _source(place: str) -> str:
    """Return the file of the checkout that a page is made of."""
    return next((source for source, page in PAGES.items() if page == place), f"docs/{place}")


def _place(source: str) -> str:
    """Return where a file of the checkout lies on the site."""
    return PAGES.get(source, source.removeprefix("docs/"))


def _target(path: str, source: str) -> str | None:
    """Return the file of the checkout that a link leads to, None for one that leads elsewhere."""
    if not path or re.match(r"[a-z]+:", path):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), path))


def _targets(text: str, source: str) -> list[str]:
    parts = _CODE.split(text)[::2]
    paths = [match[2].partition("#")[0] for part in parts for match in _LINK.finditer(part)]
    return [target for path in paths if (target := _target(path, source)) is not None]
