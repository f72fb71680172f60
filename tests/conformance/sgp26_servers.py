#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
''''exec "$("$TERN_SOURCE/scripts/venv")" "$0" "$@" # '''
"""The published SGP.26 test certificates for every role: SM-DP+, SM-DS, EUM, eUICC, good and bad.

DPauth, DPpb, EUM and eUICC are GSMA's; TLS, DSauth and operator certificates, which expire or do not
exist, are made here under GSMA's test CI. Skips when the reference data is not there.
"""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

CERTS = os.path.join(os.environ.get("TERN_REFDATA", ""), "certs")
if not os.path.isdir(CERTS):
    print("skipped: no SGP.26 certificates below TERN_REFDATA")
    sys.exit(77)

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402

from rsp import bench, certificates as certs, report as reports  # noqa: E402
from rsp.bench import Smdp  # noqa: E402
from rsp.euicc import Euicc, one_time_key  # noqa: E402
from rsp.report import expect  # noqa: E402
from rsp.smdp_download import open_package, smdp_oid  # noqa: E402
from rsp.smds_bench import Smds, entries  # noqa: E402
from rsp.wire import context  # noqa: E402

SMDP, SMDS = "testsmdpplus1.example.com", "testrootsmds.example.com"
EID = "89049032123451234512345678901235"
OPERATOR = "test.operator.com"


def key_of(name):
    with open(os.path.join(CERTS, "test-keys.tsv"), encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if fields[0] == name:
                return serialization.load_der_private_key(bytes.fromhex(fields[2]), None)
    raise KeyError(name)


def certificate(*names):
    return certs.load(os.path.join(CERTS, *names))


class Sgp26(bench.Pki):
    """A PKI directory of GSMA's certificates, with what is missing made under its CI."""

    def __init__(self, folder, ci, auth, auth_key, pb, pb_key, eum, eum_key):
        self.folder, self.ci = folder, ci
        self.ci_key = key_of("sgp26_nist/CertificateIssuer/SK_CI_ECDSA_NIST.pem")
        self.auth, self.pb, self.eum, self.eum_key = auth, pb, eum, eum_key
        self.anchors = certs.pem(ci).decode()
        os.makedirs(folder)
        self.write("ci", ci)
        self.write("auth", auth, auth_key)
        self.write("pb", pb, pb_key)
        self.make("tls", "O=ACME", SMDP, "dp-tls", "2.999.10", dns=SMDP)
        self.make("ds-tls", "O=ACME", SMDS, "ds-tls", "2.999.15", dns=SMDS)
        self.ds_auth = self.make("ds-auth", "O=ACME", "TEST SM-DS", "ds-auth", "2.999.15")
        self.make("operator", "O=Operator", OPERATOR, None, None)
        self.make("operator2", "O=Operator", "other.operator.com", None, None)

    def write(self, name, made, key=None):
        with open(os.path.join(self.folder, name + ".pem"), "wb") as file:
            file.write(certs.pem(made))
        if key is not None:
            with open(os.path.join(self.folder, name + ".key"), "wb") as file:
                file.write(certs.key_pem(key))

    def make(self, name, _, cn, role, oid, dns=None):
        key = certs.new_key()
        server = dns is not None
        builder = certs.make(certs.name(o="ACME", cn=cn), key.public_key(), self.ci.subject,
                             self.ci_key, role=role, dns=dns, oid=oid, server=server,
                             client=server or role is None, issuer_certificate=self.ci)
        self.write(name, builder, key)
        return builder

    def smdp(self, kind, name=None, role=None):
        return {"auth": self.auth, "pb": self.pb}[kind]

    def client(self, operator):
        name = "operator" if operator == bench.OPERATOR else "operator2"
        return context(self.anchors, os.path.join(self.folder, name + ".pem"),
                       os.path.join(self.folder, name + ".key"))

    def server_client(self, name, role="smdp"):
        base = "tls" if role == "smdp" else "ds-tls"
        return context(self.anchors, os.path.join(self.folder, base + ".pem"),
                       os.path.join(self.folder, base + ".key"))


def first_tree(folder):
    return Sgp26(folder, certificate("sgp26_nist/CertificateIssuer/CERT_CI_ECDSA_NIST.der"),
                 certificate("sgp26_nist/DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der"),
                 key_of("sgp26_nist/DPauth/SK_S_SM_DPauth_ECDSA_NIST.pem"),
                 certificate("sgp26_nist/DPpb/CERT_S_SM_DPpb_ECDSA_NIST.der"),
                 key_of("sgp26_nist/DPpb/SK_S_SM_DPpb_ECDSA_NIST.pem"),
                 certificate("sgp26_nist/EUM/CERT_EUM_ECDSA_NIST.der"),
                 key_of("sgp26_nist/EUM/SK_EUM_ECDSA_NIST.pem"))


def second_tree(folder):
    tree = "sgp26_1ot_variant_o/SM-DP+/"
    return Sgp26(folder, certificate("sgp26_1ot_variant_o/CI/CERT_CI_SIG_NIST.der"),
                 certificate(tree + "SM_DPauth/CERT_S_SM_DPauth_VARO_SIG_NIST.der"),
                 key_of(tree + "SM_DPauth/SK_S_SM_DPauth_SIG_NIST.pem"),
                 certificate(tree + "SM_DPpb/CERT_S_SM_DPpb_VARO_SIG_NIST.der"),
                 key_of(tree + "SM_DPpb/SK_S_SM_DPpb_SIG_NIST.pem"),
                 certificate("sgp26_variant_o_eim/CERT_EUM_SIG_NIST.der"),
                 key_of("sgp26_1ot_variant_o/EUM/SK_EUM_SIG_NIST.pem"))


def card_of(pki, leaf, key="sgp26_nist/eUICC/SK_EUICC_ECDSA_NIST.pem", eum=None):
    return Euicc(bytes.fromhex(EID), key_of(key), leaf, eum or pki.eum, pki.ci)


def whole_download(server, card, **order):
    iccid, matching_id = server.order(**order)
    answer = server.authenticate(card, matching_id)
    expect(answer.code, "ok")
    otsk = one_time_key()
    package = server.get_package(card, answer, otsk, order.get("confirmationCode"))
    opened = open_package(server, card, answer, package, otsk)
    expect(opened.upp, server.profiles[iccid.rstrip("F")].upp)
    server.notify(card.result(answer["transactionId"], SMDP.encode(), smdp_oid(server),
                              server.profiles[iccid.rstrip("F")].iccid))
    expect(server.state(iccid)["state"], "Installed")


def smdp_cases(report, folder, name, pki, leaf):
    case = report.case
    server = Smdp(pki, os.path.join(folder, name), "--confirmation-hex", name=SMDP)
    server.add(12, "Test")
    try:
        server.start()
        card = card_of(pki, leaf)

        @case("2.1", "%s: CI, DPauth, DPpb, EUM and eUICC of SGP.26 in a whole download" % name)
        def _():
            expect(server.initiate(card)["serverCertificate"], certs.der(pki.auth))
            whole_download(server, card, kind="Test")
            whole_download(server, card, kind="Test", eid=EID, confirmationCode="12345678",
                           matchingId="CC_REQUIRED_TEST")

        bad = "invalid_cases/CERT_"
        rows = (("8.1.3/6.3", "EUICC_ECDSA_NIST_EXPIRED", None),
                ("8.1.3/6.1", "EUICC_ECDSA_NIST_INVALID", None),
                ("8.1.3/6.1", "EUICC_ECDSA_NIST_INVALID_EID", None),
                ("8.1.2/6.3", None, "EUM_ECDSA_NIST_EXPIRED"),
                ("8.1.2/6.1", None, "EUM_ECDSA_NIST_INVALID"),
                ("8.11.1/3.9", None, "EUM_ECDSA_NIST_UNKNOWN_CI"))
        for wanted, leaf_name, eum_name in rows:
            @case("4.5.2", "%s: %s %s" % (name, wanted, leaf_name or eum_name))
            def _(wanted=wanted, leaf_name=leaf_name, eum_name=eum_name):
                wrong = card_of(pki, certificate(bad + leaf_name + ".der") if leaf_name else leaf,
                                eum=certificate(bad + eum_name + ".der") if eum_name else None)
                result = server.authenticate(wrong, "WRONG_AC_12345").code
                # The expired and invalid test certificates are broken in more ways than one.
                allowed = {wanted, wanted.replace("6.3", "6.1")}
                assert result in allowed, "got %s, wanted one of %s" % (result, sorted(allowed))

        @case("2.5", "%s: matching ids and EIDs as the TTCN-3 suite has them" % name,
              uncertain=True)
        def _():
            _, matching_id = server.order("Test", eid="89049032123451234512345678901236",
                                          matchingId="AC_RESTRICTED_EID")
            expect(server.authenticate(card, matching_id).code, "8.1.1/3.8")
            expect(server.authenticate(card, "EVENT_INVALID_12345").code, "8.2.6/3.8")
            _, matching_id = server.order("Test", matchingId="AC_WITH_CC",
                                          confirmationCode="12345678")
            answer = server.authenticate(card, matching_id)
            expect(server.get_package(card, answer, one_time_key(),
                                      bytes.fromhex("12345678")).code, "ok")
    finally:
        server.stop()


def smds_cases(report, folder, pki, leaf):
    case = report.case
    bench.SMDP, saved = SMDP, bench.SMDP
    server = Smds(pki, os.path.join(folder, "smds"), SMDS)
    try:
        server.start()

        @case("2.1", "SM-DS: DSauth and DStls under the SGP.26 CI, events for its eUICC")
        def _():
            expect(server.register(EID, "EVENT_001", SMDP).code, "ok")
            card = card_of(pki, leaf)
            expect(server.initiate(card)["serverCertificate"], certs.der(pki.ds_auth))
            expect(entries(server.authenticate(card)), [("EVENT_001", SMDP)])
            expect(server.delete(EID, "EVENT_001").code, "ok")
            expect(entries(server.authenticate(card)), [])
    finally:
        bench.SMDP = saved
        server.stop()


def main():
    folder = tempfile.mkdtemp(prefix="tern-sgp26-")
    report = reports.Report("SGP.26 certificates with SM-DP+ and SM-DS")
    bench.OPERATOR, bench.OTHER_OPERATOR = OPERATOR, "other.operator.com"
    Smdp.header.__defaults__ = (OPERATOR, None)
    first = first_tree(os.path.join(folder, "pki1"))
    second = second_tree(os.path.join(folder, "pki2"))
    leaf = certificate("sgp26_nist/eUICC/CERT_EUICC_ECDSA_NIST.der")
    newer = certificate("sgp26_variant_o_eim/CERT_EUICC_SIG_NIST.der")
    smdp_cases(report, folder, "first", first, leaf)
    smdp_cases(report, folder, "variant-O", second, newer)
    smds_cases(report, folder, first, leaf)
    code = report.finish(at_least=17)
    if code == 0:
        shutil.rmtree(folder)
    else:
        print("kept: %s" % folder)
    return code


__all__ = ["x509"]
if __name__ == "__main__":
    sys.exit(main())
