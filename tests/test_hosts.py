"""URLs of several hosts, as libpq writes them, and several URLs in one setting."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from events import hosts
from events.database import parse_url
from events.leading import Leading
from service.settings import WrongSetting, from_environment

SERVER = "postgresql://u:p%2C@one:1,two:2/name"


def test_several_hosts_are_handed_to_the_driver_with_their_ports() -> None:
    url = parse_url("postgresql://u:p%2C@one:1,two,three:3/name?sslmode=require")
    assert url.query == {"host": "one,two,three", "port": "1,5432,3", "sslmode": "require"}
    assert (url.username, url.password, url.database) == ("u", "p,", "name")
    assert hosts.several(url)


def test_the_host_that_led_last_is_tried_first() -> None:
    leading, named = Leading(), {"host": "one,two,three", "port": "1,2,3"}
    leading._note(SimpleNamespace(info=SimpleNamespace(host="three", port=3)), None)
    leading._order(None, None, (), named)
    assert named == {"host": "three,one,two", "port": "3,1,2"}


@pytest.mark.parametrize("url", ["postgresql://u@one:1/a,b", "sqlite:///a,b.db", "postgresql:///name?host=/run/pg"])
def test_one_host_stays_as_it_is(url: str) -> None:
    assert hosts.spread(url) == url
    assert not hosts.several(parse_url(url))


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="one of them is none"):
        parse_url("postgresql://u@one,[::1]/name")


@pytest.mark.parametrize("between", [",", " ", "\n", ", "])
def test_urls_stand_apart_by_spaces_or_commas(between: str) -> None:
    assert hosts.apart(between.join([SERVER, "postgresql://three/name"])) == [SERVER, "postgresql://three/name"]


@pytest.mark.parametrize("urls", ["sqlite:///a.db", "one two"])
def test_only_postgresql_has_standbys_to_read_from(urls: str) -> None:
    with pytest.raises(WrongSetting, match="DEPOSITARY_READ_URLS"):
        from_environment({"DEPOSITARY_DATABASE_URL": SERVER, "DEPOSITARY_READ_URLS": urls})


def test_sqlite_has_no_standbys() -> None:
    with pytest.raises(WrongSetting, match="needs a PostgreSQL server"):
        from_environment({"DEPOSITARY_READ_URLS": "postgresql://one/name"})


@pytest.mark.parametrize("lag", ["0", "0.9", "3601", "soon", "²", "1e2"])
def test_the_lag_is_a_number_of_seconds(lag: str) -> None:
    with pytest.raises(WrongSetting, match="DEPOSITARY_READ_LAG"):
        from_environment({"DEPOSITARY_READ_LAG": lag})
