"""Both catalogues are complete, and the extraction finds what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from unievp.devtools import messages

BASE_DIR = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def template():
    return messages.extract_messages(BASE_DIR)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_catalogue_is_complete(language, template):
    """After a new string: `python -m unievp.devtools.messages`, then translate `locale/id`."""
    assert messages.problems(BASE_DIR, language, template) == []


def project(folder, **files):
    for name, text in files.items():
        suffix = "html" if name.startswith("page") else "py"
        path = folder / ("templates" if suffix == "html" else "cpo") / f"{name}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def ids(catalog):
    return {message.id for message in catalog if message.id}


def test_strings_of_templates_are_found(tmp_path):
    page = (
        "<p>\n   It's <b title='{% translate \"one\" %}'>\n"
        '{{ x|default:_("two") }}{# no #}'
        "{% blocktranslate with a=b %}three {{ a }}{% endblocktranslate %}"
        "{% blocktranslate count n=n %}{{ n }} four{% plural %}{{ n }} fours{% endblocktranslate %}"
    )
    found = ids(messages.extract_messages(project(tmp_path, page=page)))
    assert found == {"one", "two", "three %(a)s", ("%(n)s four", "%(n)s fours")}


def test_strings_of_python_are_found(tmp_path):
    code = '_("one")\ngettext_lazy("two" " parts")\nngettext("%d a", "%d b", n)\nother("no")\n'
    found = ids(messages.extract_messages(project(tmp_path, code=code)))
    assert found == {"one", "two parts", ("%d a", "%d b")}


def test_strings_of_renamed_functions_and_of_constants_are_found(tmp_path):
    code = (
        "from django.utils.translation import gettext as _text, ngettext_lazy as _many\n"
        '_text("one")\n_many("%d a", "%d b", n)\nA = gettext_noop("three")\n_other("no")\n'
    )
    found = ids(messages.extract_messages(project(tmp_path, code=code)))
    assert found == {"one", ("%d a", "%d b"), "three"}


def test_update_fills_english_keeps_translations_and_drops_what_is_gone(tmp_path):
    project(tmp_path, code='_("one")\n_("two")\n')
    assert messages.update_catalogues(tmp_path) == {"id": 2, "en": 0}
    path = messages.catalogue_path(tmp_path, "id")
    path.write_text(
        path.read_text().replace('msgid "one"\nmsgstr ""', 'msgid "one"\nmsgstr "satu"')
    )
    project(tmp_path, code='_("one")\n')
    assert messages.update_catalogues(tmp_path) == {"id": 0, "en": 0}
    assert '"satu"' in path.read_text()
    assert '"two"' not in path.read_text()


def test_fuzzy_and_broken_placeholders_are_problems(tmp_path):
    project(tmp_path, code='_("%(n)s one")\n_("two")\n')
    messages.update_catalogues(tmp_path)
    path = messages.catalogue_path(tmp_path, "id")
    text = path.read_text().replace('one"\nmsgstr ""', 'one"\nmsgstr "%(m)s satu"')
    path.write_text(text.replace('msgid "two"\nmsgstr ""', '#, fuzzy\nmsgid "two"\nmsgstr "dua"'))
    found = messages.problems(tmp_path, "id", messages.extract_messages(tmp_path))
    assert "fuzzy: two" in found
    assert len(found) == 2
