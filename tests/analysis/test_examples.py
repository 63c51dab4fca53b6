"""The examples in the docstrings of the analysis library hold."""

import doctest
import importlib
import pkgutil

import pytest

import emptychair.analysis

MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(emptychair.analysis.__path__, "emptychair.analysis.")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples() -> None:
    assert len(MODULES) > 60
