# SPDX-License-Identifier: Apache-2.0
"""Certificates of the GSMA PKI, good ones and every kind of bad one. SGP.22, 4.5."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

ROLE = "2.23.146.1.2.1."
ROLES = {"ci": "0", "euicc": "1", "eum": "2", "dp-tls": "3", "dp-auth": "4", "dp-pb": "5",
         "ds-tls": "6", "ds-auth": "7"}
FOREVER = datetime.datetime(9999, 12, 31, 23, 59, 59)


def load(path):
    with open(path, "rb") as file:
        data = file.read()
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_certificate(data)
    return x509.load_der_x509_certificate(data)


def load_key(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def new_key(curve=None):
    return ec.generate_private_key(curve or ec.SECP256R1())


def point(key):
    public = key.public_key() if hasattr(key, "public_key") else key
    return public.public_bytes(serialization.Encoding.X962,
                               serialization.PublicFormat.UncompressedPoint)


def skid(certificate):
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def name(**parts):
    oids = {"c": NameOID.COUNTRY_NAME, "o": NameOID.ORGANIZATION_NAME, "cn": NameOID.COMMON_NAME,
            "serial": NameOID.SERIAL_NUMBER}
    return x509.Name([x509.NameAttribute(oids[key], value) for key, value in parts.items()])


def make(subject, public_key, issuer, issuer_key, role=None, ca=None, usage="sign", dns=None,
         oid=None, constraints=None, before=None, after=None, server=False, client=False,
         issuer_certificate=None, unknown_critical=False):
    """A certificate of one of the profiles; every deviation is an argument."""
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
               .public_key(public_key).serial_number(x509.random_serial_number())
               .not_valid_before(before or now - datetime.timedelta(days=1))
               .not_valid_after(after or now + datetime.timedelta(days=365)))
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
    if issuer_certificate is not None:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier(skid(issuer_certificate), None, None), False)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(True, ca), True)
    if usage:
        signing = usage == "sign"
        builder = builder.add_extension(
            x509.KeyUsage(signing, False, False, False, False, not signing, not signing, False,
                          False), True)
    if role:
        builder = builder.add_extension(x509.CertificatePolicies(
            [x509.PolicyInformation(ObjectIdentifier(ROLE + ROLES[role]), None)]), True)
    names = ([x509.DNSName(dns)] if dns else []) + (
        [x509.RegisteredID(ObjectIdentifier(oid))] if oid else [])
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    if constraints:
        builder = builder.add_extension(
            x509.NameConstraints([x509.DirectoryName(constraints)], None), True)
    if server or client:
        usages = ([ExtendedKeyUsageOID.SERVER_AUTH] if server else []) + (
            [ExtendedKeyUsageOID.CLIENT_AUTH] if client else [])
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), True)
    if unknown_critical:
        builder = builder.add_extension(
            x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), True)
    return builder.sign(issuer_key, hashes.SHA256())


def make_eum(ci, ci_key, organisation="Conformance EUM", iin="89049032", **other):
    key = new_key(ci_key.curve)
    subject = name(c="ES", o=organisation, cn="EUM Conformance")
    arguments = dict(role="eum", ca=0, usage="ca", oid="2.999.5", issuer_certificate=ci,
                     constraints=name(o=organisation, serial=iin))
    arguments.update(other)
    return make(subject, key.public_key(), ci.subject, ci_key, **arguments), key


def make_euicc(eum, eum_key, eid, organisation="Conformance EUM", key=None, **other):
    key = key or new_key(eum_key.curve)
    subject = name(c="ES", o=organisation, serial=eid, cn="Conformance eUICC")
    arguments = dict(role="euicc", after=FOREVER, issuer_certificate=eum)
    arguments.update(other)
    return make(subject, key.public_key(), eum.subject, eum_key, **arguments), key


def make_ci(curve=None, cn="Another CI"):
    key = new_key(curve)
    subject = name(c="IT", o="RSPTEST", cn=cn)
    certificate = make(subject, key.public_key(), subject, key, role="ci", usage="ca",
                       oid="2.999.1", ca=None)
    return certificate, key
