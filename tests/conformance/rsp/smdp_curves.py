# SPDX-License-Identifier: Apache-2.0
"""Two CIs on two curves in one SM-DP+. SGP.22, 2.6.7, 5.6.1: the eUICC's lists decide."""
import os

from . import certificates as certs
from .bench import OPERATOR, OTHER_OPERATOR, SMDP, SMDS, Pki, Smdp, eid, tern
from .euicc import Euicc, one_time_key
from .report import expect
from .smdp_download import open_package


def run(report, folder):
    case = report.case
    home = os.path.join(folder, "pki-both")
    tern("pki", "init", home, "--curve", "both", "--smdp", SMDP, "--smds", SMDS, "--operator",
         OPERATOR, "--operator", OTHER_OPERATOR, "--euicc", "1")
    nist, brainpool = Pki(home, "p256"), Pki(home, "brainpool")
    server = Smdp(nist, os.path.join(folder, "both"))
    server.add(8, "plain")

    def card_under(pki, number):
        digits = eid(number)
        certificate, key = certs.make_euicc(pki.eum, pki.eum_key, digits)
        return Euicc(bytes.fromhex(digits), key, certificate, pki.eum, pki.ci)

    def download(card, dp):
        iccid, matching_id = server.order()
        first = server.initiate(card)
        expect(first["serverCertificate"], certs.der(dp.smdp("auth")))
        answer = server.authenticate(card, matching_id, first)
        expect(answer.code, "ok")
        expect(answer["smdpCertificate"], certs.der(dp.smdp("pb")))
        otsk = one_time_key(dp.ci_key.curve)
        package = server.get_package(card, answer, otsk)
        expect(package.code, "ok")
        server.pki = dp
        try:
            opened = open_package(server, card, answer, package, otsk)
        finally:
            server.pki = nist
        expect(opened.upp, server.profiles[iccid.rstrip("F")].upp)

    try:
        server.start()
        for words, pki in (("NIST P-256", nist), ("brainpoolP256r1", brainpool)):
            @case("2.6.7", "a download under the CI on %s" % words)
            def _(pki=pki):
                download(card_under(pki, 500), pki)

        for words, order in (("NIST first", (nist, brainpool)), ("brainpool first",
                                                                 (brainpool, nist))):
            @case("5.6.1", "both CIs accepted, %s: the eUICC's preference counts" % words)
            def _(order=order):
                card = card_under(order[0], 501)
                card.verification = [certs.skid(pki.ci) for pki in order]
                card.signing = list(card.verification)
                download(card, order[0])

        @case("5.6.1", "it verifies under one CI and signs under the other: one-time keys on the "
                       "curve of DPpb")
        def _():
            card = card_under(brainpool, 502)
            card.verification = [certs.skid(nist.ci)]
            download(card, nist)

        @case("5.6.3", "8.11.1/3.9 a chain under the CI that was not chosen")
        def _():
            card = card_under(brainpool, 503)
            card.verification = card.signing = [certs.skid(nist.ci)]
            expect(server.authenticate(card, "ANY").code, "8.11.1/3.9")

        @case("5.6.2", "8.1/6.1 a one-time key on the other curve")
        def _():
            card = card_under(nist, 504)
            _, matching_id = server.order()
            answer = server.authenticate(card, matching_id)
            wrong = one_time_key(brainpool.ci_key.curve)
            expect(server.get_package(card, answer, wrong).code, "8.1/6.1")
    finally:
        server.stop()
