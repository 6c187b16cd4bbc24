"""The message catalogues: `python -m unievp.devtools.messages` brings them up to date.

Babel reads Python itself; Django's own `templatize` turns a template into something that looks like
Python, so no system gettext is needed. New strings stay empty in Indonesian until someone
translates them (a test says which); English is filled in from the source. `make messages` compiles.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po

LANGUAGES = ("id", "en")
SOURCE_LANGUAGE = "en"
ROOMS = ("unievp", "cpo", "tariffs", "chargers", "payments", "tickets", "ocpi", "templates")
# What nobody but a developer reads.
SKIPPED = frozenset({"tests", "migrations", "devtools", "demo", "__pycache__"})
_LAZY = {
    f"{name}_lazy": DEFAULT_KEYWORDS[name]
    for name in ("gettext", "ngettext", "pgettext", "npgettext")
}
KEYWORDS = DEFAULT_KEYWORDS | _LAZY | {"gettext_noop": None}
_RENAMED = re.compile(r"\b(n?p?gettext(?:_lazy|_noop)?) as (\w+)")
_WIDTH = 100


def catalogue_path(base_dir: Path, language: str) -> Path:
    return base_dir / "locale" / language / "LC_MESSAGES" / "django.po"


def extract_messages(base_dir: Path) -> Catalog:
    """Every translatable string of the project, with the files (no line numbers) it comes from."""
    catalog = Catalog(project="UNIEV", charset="utf-8", fuzzy=False)
    for path in _sources(base_dir):
        text = path.read_text(encoding="utf-8")
        code = text if path.suffix == ".py" else _as_code(text, path)
        found = extract("python", BytesIO(code.encode()), keywords=_keywords(code))
        where = [(str(path.relative_to(base_dir)), None)]
        for _line, message, _comments, context in found:
            catalog.add(message, locations=where, context=context)  # type: ignore[arg-type]  # babel: a location may have no line
    return catalog


def update_catalogues(base_dir: Path) -> dict[str, int]:
    """Merge the extracted strings into both catalogues; how many each still lacks, by language."""
    template = extract_messages(base_dir)
    lacking = {}
    for language in LANGUAGES:
        path = catalogue_path(base_dir, language)
        catalog = _read(path, language)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        if language == SOURCE_LANGUAGE:
            _fill_from_source(catalog)
        _write(path, catalog)
        lacking[language] = len(problems(base_dir, language, template))
    return lacking


def problems(base_dir: Path, language: str, template: Catalog) -> list[str]:
    """What is wrong with a catalogue: strings that are missing, untranslated, fuzzy or stale."""
    catalog = _read(catalogue_path(base_dir, language), language)
    found = []
    for message in _messages(template):
        known = catalog.get(message.id, message.context)
        if known is None:
            found.append(f"missing: {message.id}")
        elif known.fuzzy:
            found.append(f"fuzzy: {message.id}")
        elif not _is_translated(known):
            found.append(f"untranslated: {message.id}")
        else:
            found += [f"{error}: {message.id}" for error in known.check(catalog)]
    wanted = {(message.id, message.context) for message in _messages(template)}
    found += [
        f"stale: {message.id}"
        for message in _messages(catalog)
        if (message.id, message.context) not in wanted
    ]
    return found


def _sources(base_dir: Path) -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((base_dir / room).rglob("*")):
            inside = path.relative_to(base_dir).parts
            if path.suffix in {".py", ".html", ".txt"} and not SKIPPED.intersection(inside):
                yield path


def _keywords(code: str) -> dict[str, Any]:
    """The functions that mark a string, also by the names that this file imports them under."""
    return KEYWORDS | {name: KEYWORDS[function] for function, name in _RENAMED.findall(code)}


def _as_code(text: str, path: Path) -> str:
    """The template with its strings as calls; indentation would mean something to Python."""
    from django.utils.translation.template import templatize

    code = templatize(text, origin=str(path))
    return "\n".join(line.strip() for line in code.splitlines())


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language, project="UNIEV", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _write(path: Path, catalog: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, catalog, width=_WIDTH, sort_output=True, omit_header=False)
    path.write_bytes(buffer.getvalue())


def _fill_from_source(catalog: Catalog) -> None:
    for message in _messages(catalog):
        if not _is_translated(message):
            message.string = message.id


def _messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _is_translated(message: Message) -> bool:
    string = message.string
    return bool(string) if isinstance(string, str) else bool(string and all(string))


def main() -> int:
    base_dir = Path(__file__).resolve().parents[2]
    for language, count in update_catalogues(base_dir).items():
        sys.stdout.write(f"{language}: {count} to translate or correct\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
