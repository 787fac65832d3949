"""Voices between engine and recognition hosts are encrypted (TLS 1.3): which certificates, and where none is needed.

A host shows its certificate, an engine believes those that its site trusts. Who the engine is, the shared secret proves
inside (``wire.py``). Unencrypted voices stay on the machine, unless the site says plainly that its network is safe.
"""

import ipaddress
import os
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hotline.errors import ConfigurationError
from hotline.settings import AsrTls, is_own_machine

_YEARS = timedelta(days=3650)


def host_context(tls: AsrTls | None) -> ssl.SSLContext | None:
    """What ``--listen`` encrypts with; None without a certificate. Raises ConfigurationError: unreadable, no pair."""
    if tls is None or tls.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except OSError as failure:
        raise ConfigurationError(
            f"asr.tls 的证书或私钥无法使用:{tls.certificate}",
            f"asr.tls: certificate {tls.certificate} and key {tls.key} cannot be used: {failure}",
        ) from failure
    return context


def engine_context(tls: AsrTls | None) -> ssl.SSLContext | None:
    """What an engine checks its hosts by; None: it talks unencrypted. Raises OSError: unreadable."""
    if tls is None or not tls.trust:
        return None
    context = ssl.create_default_context(cafile=None if tls.trust == "system" else tls.trust)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def refuse_open_door(host: str, context: ssl.SSLContext | None, *, unencrypted: bool) -> None:
    """Raise ConfigurationError when voices from other machines would come unencrypted and nobody said so."""
    if context is None and not unencrypted and not is_own_machine(host):
        raise ConfigurationError(
            f"在 {host} 上监听需要 asr.tls.certificate 和 key(用 hotline asr certificate 生成),否则语音会明文传输;"
            "网络本身可信时可写明 asr.unencrypted: true",
            f"listening on {host} needs asr.tls.certificate and key (`hotline asr certificate` makes them): voices "
            "would come unencrypted; say asr.unencrypted: true where the network itself is safe",
        )


def make_certificate(names: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
    """A self-signed certificate for these names and addresses, and its private key, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), secret


def write_certificate(names: Sequence[str], folder: Path, now: datetime) -> tuple[Path, Path]:
    """Make one and write ``asr.pem`` and ``asr.key`` there; existing ones stay. Raises ConfigurationError."""
    pem, key = make_certificate(names, now)
    paths = folder / "asr.pem", folder / "asr.key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, body in zip(paths, (pem, key), strict=True):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(body)
    except OSError as failure:
        raise ConfigurationError(
            f"无法写入 {failure.filename}:已存在或不可写", f"cannot write {failure.filename}: {failure.strerror}"
        ) from failure
    return paths


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
