"""What the tests of the Salesforce connector are given."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bridge.sandbox.salesforce.org import Org


@pytest.fixture(scope="session")
def keys() -> tuple[str, str]:
    """A private key and its public one, as PEM; made once: that takes its time."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode()
    return private, key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def org() -> Iterator[Org]:
    with Org() as org:
        yield org


@pytest.fixture(params=[1, 3], ids=["one", "many"])
def most(request: pytest.FixtureRequest) -> int:
    """How many leads go in the call; all but the first are sound."""
    return int(request.param)
