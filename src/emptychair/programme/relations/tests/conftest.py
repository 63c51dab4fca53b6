from emptychair.programme.standing.tests.conftest import answer, customer, survey

__all__ = ["answer", "customer", "survey"]
