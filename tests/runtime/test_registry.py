"""Names of a registry: looked up without importing, loaded when asked for."""

import sys

import pytest

from fico_lib.runtime.errors import InputError
from fico_lib.runtime.registry import load, lookup, module_of

REGISTRY = {"fraction": "fractions:Fraction", "absent": "no_such_module:Thing"}


def test_a_name_leads_to_its_object():
    assert load(lookup("number", REGISTRY, "fraction"))(1, 2) == 0.5


def test_the_nearest_name_is_suggested():
    with pytest.raises(InputError, match="unknown number 'fractoin': did you mean 'fraction'"):
        lookup("number", REGISTRY, "fractoin")


def test_the_module_is_named_without_being_imported():
    assert module_of(lookup("number", REGISTRY, "absent")) == "no_such_module"


def test_a_missing_library_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "fico_lib.search.float_index", raising=False)
    with pytest.raises(InputError, match=r"faiss is not installed: pip install 'fico-study.search"):
        load("fico_lib.search.float_index:FloatIndex")


def test_other_missing_modules_stay_what_they_are():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        load(REGISTRY["absent"])
