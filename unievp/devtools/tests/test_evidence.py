"""The marks are found without running a test, and every id in them is defined."""

from __future__ import annotations

from pathlib import Path

import pytest

from chargers.ocpp.profiles import PROFILE_OF, PROFILES
from chargers.ocpp.schemas import ACTIONS
from unievp.devtools.evidence import page
from unievp.devtools.evidence.marks import UnreadableMarkError, read_marks
from unievp.devtools.evidence.requirements import read_requirements

BASE_DIR = Path(__file__).resolve().parents[3]


def marks_of(folder, **files):
    for name, source in files.items():
        path = folder / "chargers" / "tests" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return {name: {Path(file).stem for file in files} for name, files in read_marks(folder).items()}


def test_marks_are_found_on_tests_modules_and_parameters(tmp_path):
    one = '@pytest.mark.proves("Reset", "TC_013")\ndef test_a(): ...\n'
    two = (
        'pytestmark = [pytest.mark.django_db, pytest.mark.proves("Reset")]\n'
        'CASES = [pytest.param(1, marks=pytest.mark.proves("pain 3"))]\n'
        'unrelated.proves("quirk 9")\n'
    )
    found = marks_of(tmp_path, test_one=one, test_two=two, helpers=one)
    assert found == {
        "Reset": {"test_one", "test_two"},
        "TC_013": {"test_one"},
        "pain 3": {"test_two"},
    }


def test_computed_ids_are_refused_with_their_place(tmp_path):
    with pytest.raises(UnreadableMarkError, match=r"chargers/tests/test_one\.py:1"):
        marks_of(tmp_path, test_one="x = pytest.mark.proves(*ids)\n")


def test_the_lists_are_whole():
    requirements = read_requirements(BASE_DIR)
    sizes = {group: len(rows) for group, rows in requirements.groups.items()}
    assert sizes == {"oca": 77, "quirk": 24, "own": 28, "pain": 62, "client": 33}
    assert len(ACTIONS) == 39
    assert requirements.elsewhere.keys() <= requirements.ids
    # An action or a compliance case always needs a test.
    assert not requirements.elsewhere.keys() & (ACTIONS | requirements.groups["oca"].keys())


def test_every_action_has_a_profile():
    assert PROFILE_OF.keys() == ACTIONS
    assert set(PROFILE_OF.values()) == set(PROFILES)


def test_no_mark_names_an_id_that_nobody_defined():
    assert page.unknown(BASE_DIR) == []
