import subprocess
import sys

import pytest

import emptychair as ec


@pytest.mark.parametrize("name", ec.__all__)
def test_every_public_name_is_there(name):
    assert getattr(ec, name).__name__ == name
    assert name in dir(ec)


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="module 'emptychair' has no attribute 'churn_rate'"):
        _ = ec.churn_rate


def test_importing_the_library_imports_nothing_heavy():
    code = (
        "import sys, emptychair; "
        "print([m for m in ('ibis', 'numpy', 'django') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
