import pytest

from koe import registered
from koe.registered import address_of, set_lookup


def test_nothing_is_registered() -> None:
    assert address_of("mlx", "koe_mlx_stop") == 0


def test_a_host_that_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registered, "_lookup", None)
    set_lookup(lambda engine, function: len(engine + function))
    assert address_of("a", "bc") == 3
