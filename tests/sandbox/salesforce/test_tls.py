"""The org over https, with a certificate of one's own: the real client needs no detour then."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refusal


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "key.pem").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")


def test_the_real_client_needs_no_detour(certificate: tuple[str, str]) -> None:
    with Org(tls=certificate) as org, requests.Session() as session:
        session.verify, session.trust_env = certificate[0], False
        client = Salesforce(session_id=org.settings["access_token"], instance_url=org.url, session=session)

        assert org.url.startswith("https://127.0.0.1:")
        assert client.Lead.create({"LastName": "Lovelace", "Company": "Analytical"})["success"]
        org.fault(reset=True)
        with pytest.raises(requests.ConnectionError):
            client.limits()
        org.fault(status=503)
        assert 503 == refusal(client.limits)[0]
