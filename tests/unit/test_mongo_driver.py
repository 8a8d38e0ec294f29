"""The driver's client: what it says about an address that cannot be used."""

import pytest

from shared.mongo.driver import Driver, MongoClient, UnusableUri


@pytest.mark.parametrize("driver", list(Driver))
@pytest.mark.parametrize("uri", ["mongodb://user:se/cret@host/db", "mongodb://user:se:cret@host", "mongodb://"])
def test_an_address_that_cannot_be_used_is_refused_without_a_word_of_its_password(driver: Driver, uri: str) -> None:
    with pytest.raises(UnusableUri, match=r"^MONGODB_URI cannot be used\.") as raised:
        MongoClient(uri, driver)
    assert "cret" not in str(raised.value)
