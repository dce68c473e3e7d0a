from koe.http.settings import HttpSettings


def test_the_settings_of_the_contract() -> None:
    """Spec llm §1.1."""
    settings = HttpSettings(8.0)
    assert settings.pool_idle == 90
    assert (settings.ping_interval, settings.ping_timeout) == (30, 30)
    assert settings.http2
    assert not settings.roots
