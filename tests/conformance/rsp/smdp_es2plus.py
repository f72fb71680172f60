# SPDX-License-Identifier: Apache-2.0
"""ES2+: orders. SGP.22, 5.3, 6.5.2."""
import http.client
import json
import ssl

from .bench import OPERATOR, OTHER_OPERATOR, SMDP, eid, new_euicc
from .report import expect
from .wire import ES2, Peer, context


def run(report, server):
    access(report, server)
    download_order(report, server)
    confirm_order(report, server)
    cancel_order(report, server)
    release_profile(report, server)


def access(report, server):
    case = report.case

    @case("6.5.1", "ES2+ without a client certificate is refused by TLS")
    def _():
        stranger = Peer(SMDP, server.server.ports["es2plus"], context(server.pki.anchors))
        try:
            status = stranger.raw(ES2 + "downloadOrder", b"{}")[0]
            raise AssertionError("HTTP %d" % status)
        except (ssl.SSLError, ConnectionError, http.client.HTTPException):
            pass

    @case("6.5.1", "ES2+ is not on the ES9+ port, ES9+ not on the ES2+ port")
    def _():
        expect(server.es9.raw(ES2 + "downloadOrder", b"{}")[0], 404)
        expect(server.es2.raw("/gsma/rsp2/es9plus/initiateAuthentication", b"{}")[0], 404)

    @case("6.5.1", "1.2/1.2 a requester that the certificate does not name", uncertain=True)
    def _():
        for header in (server.header(OTHER_OPERATOR), server.header("")):
            answer = server.download_order(header=header, profileType="plain")
            assert answer.code in ("1.2/1.2", "1.2/2.2"), answer.code

    @case("6.5.1", "1.2/2.2 a header without its two identifiers", uncertain=True)
    def _():
        for header in ({"functionRequesterIdentifier": OPERATOR},
                       {"functionCallIdentifier": "x"}):
            expect(server.download_order(header=header, profileType="plain").code, "1.2/2.2")
        status, _, data = server.es2.raw(ES2 + "downloadOrder", b'{"profileType":"plain"}')
        expect(status, 200)
        expect(json.loads(data)["header"]["functionExecutionStatus"]["status"], "Failed")

    @case("6.5.1", "HTTP 400 for what is no JSON object")
    def _():
        for body in (b"", b"x", b"[]", b'{"header":{},"header":{}}', b"{}x"):
            expect(server.es2.raw(ES2 + "downloadOrder", body)[0], 400)

    @case("6.5.1", "1.3/2.1 members that are not what they should be", uncertain=True)
    def _():
        for members in ({"iccid": "12"}, {"iccid": 8949}, {"iccid": "89A9000000000000001"},
                        {"profileType": "x" * 1000}, {"profileType": "plain", "eid": "123"},
                        {"profileType": "plain", "eid": "X" * 32}):
            answer = server.download_order(**members)
            expect(answer.code, "1.3/2.1")


def download_order(report, server):
    case = report.case

    @case("5.3.1", "by ICCID: Allocated; the same again: the same answer")
    def _():
        iccid = free(server)
        expect(server.download_order(iccid=iccid).code, "ok")
        expect(server.state(iccid)["state"], "Allocated")
        again = server.download_order(iccid=iccid)
        expect((again.code, again["iccid"]), ("ok", iccid.ljust(20, "F")))

    @case("5.3.1", "with an EID: Linked; 8.2.1/3.3 for another EID, and for another operator")
    def _():
        iccid = free(server)
        expect(server.download_order(iccid=iccid, eid=eid(300)).code, "ok")
        expect(server.state(iccid)["state"], "Linked")
        expect(server.state(iccid)["eid"], eid(300))
        expect(server.download_order(iccid=iccid, eid=eid(301)).code, "8.2.1/3.3")
        expect(server.download_order(iccid=iccid).code, "8.2.1/3.3")
        answer = server.download_order(peer=server.other_es2, iccid=iccid, eid=eid(300),
                                       header=server.header(OTHER_OPERATOR))
        expect(answer.code, "8.2.1/3.3")

    @case("5.3.1", "by type: one profile each, never the same twice")
    def _():
        got = {server.download_order(profileType="plain")["iccid"] for _ in range(5)}
        expect(len(got), 5)

    @case("5.3.1", "the same call again is the same order, another call another")
    def _():
        header = server.header()
        first = server.download_order(header=header, profileType="plain")
        expect(server.download_order(header=header, profileType="plain")["iccid"], first["iccid"])
        assert server.download_order(profileType="plain")["iccid"] != first["iccid"]

    @case("5.3.1", "8.2.1/3.9 unknown ICCID, 8.2.5/3.9 unknown type, 8.2.5/3.8 another type")
    def _():
        expect(server.download_order(iccid="8949999999999999999").code, "8.2.1/3.9")
        expect(server.download_order(profileType="nothing").code, "8.2.5/3.9")
        expect(server.download_order(iccid=free(server), profileType="sessions").code, "8.2.5/3.8")

    @case("5.3.1", "8.2.5/3.7 none left of the type")
    def _():
        expect(server.download_order(profileType="last").code, "ok")
        expect(server.download_order(profileType="last").code, "8.2.5/3.7")

    @case("5.3.1", "8.2.5/1.2 and 8.2.1/1.2 profiles of another operator")
    def _():
        expect(server.download_order(profileType="owned").code, "8.2.5/1.2")
        other = server.header(OTHER_OPERATOR)
        answer = server.download_order(peer=server.other_es2, header=other, profileType="owned")
        expect(answer.code, "ok")
        expect(server.download_order(iccid=free(server, "owned")).code, "8.2.1/1.2")

    @case("5.3.1", "1.3/2.2 neither ICCID nor type", uncertain=True)
    def _():
        expect(server.download_order().code, "1.3/2.2")


def free(server, kind="plain"):
    """An Available ICCID of a type."""
    from .bench import tern
    for line in tern("smdp", "show", "profiles", "--data", server.data, "--json").splitlines():
        row = json.loads(line)
        if row["state"] == "Available" and row["profileType"] == kind:
            return row["iccid"]
    raise AssertionError("the inventory ran out of %s" % kind)


def confirm_order(report, server):
    case = report.case

    def ordered(**members):
        answer = server.download_order(profileType="plain", **members)
        assert answer.ok, answer.code
        return answer["iccid"]

    @case("5.3.2", "released: MatchingID of our making, SM-DP+ address")
    def _():
        iccid = ordered()
        answer = server.confirm_order(iccid=iccid, releaseFlag=True)
        expect(answer["smdpAddress"], SMDP)
        assert 16 <= len(answer["matchingId"]) <= 255
        assert set(answer["matchingId"]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
        expect(server.state(iccid)["state"], "Released")
        again = server.confirm_order(iccid=iccid, releaseFlag=True)
        expect((again.code, again["matchingId"]), ("ok", answer["matchingId"]))

    @case("5.3.2", "a MatchingID of the operator's; 8.2.6/3.3 when it is used")
    def _():
        iccid = ordered()
        answer = server.confirm_order(iccid=iccid, matchingId="AC_NO-CC-1", releaseFlag=True)
        expect(answer["matchingId"], "AC_NO-CC-1")
        other = server.confirm_order(iccid=ordered(), matchingId="AC_NO-CC-1", releaseFlag=True)
        expect(other.code, "8.2.6/3.3")

    @case("5.3.2", "8.2.1/3.9 unknown ICCID, and one that nobody ordered", uncertain=True)
    def _():
        expect(server.confirm_order(iccid="8949999999999999999", releaseFlag=True).code,
               "8.2.1/3.9")
        expect(server.confirm_order(iccid=free(server), releaseFlag=True).code, "8.2.1/3.9")

    @case("5.3.2", "8.2.1/1.2 the order of another operator")
    def _():
        answer = server.confirm_order(peer=server.other_es2, header=server.header(OTHER_OPERATOR),
                                      iccid=ordered(), releaseFlag=True)
        expect(answer.code, "8.2.1/1.2")

    @case("5.3.2", "8.1.1/3.10 another EID than that of the DownloadOrder", uncertain=True)
    def _():
        iccid = ordered(eid=eid(310))
        expect(server.confirm_order(iccid=iccid, eid=eid(311), releaseFlag=True).code,
               "8.1.1/3.10")
        answer = server.confirm_order(iccid=iccid, eid=eid(310), releaseFlag=True)
        expect(answer["eid"], eid(310))

    @case("5.3.2", "8.1.1/2.2 no EID for an empty MatchingID, none for an SM-DS")
    def _():
        expect(server.confirm_order(iccid=ordered(), matchingId="", releaseFlag=True).code,
               "8.1.1/2.2")
        expect(server.confirm_order(iccid=ordered(), smdsAddress="ds.example",
                                    releaseFlag=True).code, "8.1.1/2.2")

    @case("5.3.2", "8.9.1/3.8 an SM-DS address that is none, or that the policy forbids")
    def _():
        iccid = ordered(eid=eid(312))
        for address in ("not an address", "https://ds.example", "127.0.0.1", "127.0.0.1:22"):
            expect(server.confirm_order(iccid=iccid, smdsAddress=address, releaseFlag=True).code,
                   "8.9.1/3.8")
        expect(server.state(iccid)["state"], "Linked")

    @case("5.3.2", "8.9/5.1 an SM-DS that cannot be reached")
    def _():
        iccid = ordered(eid=eid(313))
        expect(server.confirm_order(iccid=iccid, smdsAddress="nowhere.invalid",
                                    releaseFlag=True).code, "8.9/5.1")
        expect(server.state(iccid)["state"], "Linked")

    @case("5.3.2", "8.2.1/3.3 confirmed again with other words", uncertain=True)
    def _():
        iccid = ordered()
        expect(server.confirm_order(iccid=iccid, confirmationCode="1", releaseFlag=True).code, "ok")
        expect(server.confirm_order(iccid=iccid, confirmationCode="1", releaseFlag=True).code, "ok")
        for members in ({"confirmationCode": "2", "releaseFlag": True}, {"releaseFlag": True},
                        {"confirmationCode": "1", "releaseFlag": False},
                        {"confirmationCode": "1", "releaseFlag": True, "matchingId": "OTHER"}):
            expect(server.confirm_order(iccid=iccid, **members).code, "8.2.1/3.3")

    @case("5.3.2", "1.3/2.2 ICCID or releaseFlag missing; 1.3/2.1 nonsense", uncertain=True)
    def _():
        iccid = ordered()
        expect(server.confirm_order(releaseFlag=True).code, "1.3/2.2")
        expect(server.confirm_order(iccid=iccid).code, "1.3/2.2")
        for members in ({"releaseFlag": "yes"}, {"releaseFlag": True, "matchingId": "a b"},
                        {"releaseFlag": True, "matchingId": "X" * 300},
                        {"releaseFlag": True, "confirmationCode": "1" * 500}):
            expect(server.confirm_order(iccid=iccid, **members).code, "1.3/2.1")


def cancel_order(report, server):
    case = report.case

    def cancel(iccid, final="Available", **members):
        return server.es2_call("cancelOrder", iccid=iccid, finalProfileStatusIndicator=final,
                               **members)

    @case("5.3.3", "Available again: it can be ordered again, the MatchingID is dead")
    def _():
        iccid, matching_id = server.order()
        expect(cancel(iccid).code, "ok")
        expect(server.state(iccid)["state"], "Available")
        expect(server.authenticate(new_euicc(server.pki, 320), matching_id).code, "8.2.6/3.8")
        expect(server.download_order(iccid=iccid).code, "ok")

    @case("5.3.3", "Unavailable: gone for good")
    def _():
        iccid, matching_id = server.order()
        expect(cancel(iccid, "Unavailable").code, "ok")
        expect(server.state(iccid)["state"], "Unavailable")
        expect(server.download_order(iccid=iccid).code, "8.2.1/3.3")
        expect(server.authenticate(new_euicc(server.pki, 321), matching_id).code, "8.2.6/3.8")

    @case("5.3.3", "a session of a cancelled order is over")
    def _():
        from .euicc import one_time_key
        card = new_euicc(server.pki, 322)
        iccid, matching_id = server.order()
        answer = server.authenticate(card, matching_id)
        expect(cancel(iccid).code, "ok")
        expect(server.get_package(card, answer, one_time_key()).code, "8.10.1/3.9")

    @case("5.3.3", "8.2.1/3.9 unknown, 8.1.1/2.2 EID missing, 8.1.1/3.10 another EID")
    def _():
        expect(cancel("8949999999999999999").code, "8.2.1/3.9")
        iccid, _ = server.order(eid=eid(323))
        expect(cancel(iccid).code, "8.1.1/2.2")
        expect(cancel(iccid, eid=eid(324)).code, "8.1.1/3.10")
        expect(cancel(iccid, eid=eid(323)).code, "ok")

    @case("5.3.3", "8.2.6/3.10 another MatchingID")
    def _():
        iccid, matching_id = server.order()
        expect(cancel(iccid, matchingId="OTHER").code, "8.2.6/3.10")
        expect(cancel(iccid, matchingId=matching_id).code, "ok")

    @case("5.3.3", "8.2.1/3.3 a profile that an eUICC has, or that is gone")
    def _():
        from .smdp_download import download, smdp_oid
        card = new_euicc(server.pki, 325)
        iccid, _, answer, _ = download(server, card)
        expect(cancel(iccid).code, "8.2.1/3.3")
        server.notify(card.result(answer["transactionId"], SMDP.encode(), smdp_oid(server),
                                  server.profiles[iccid.rstrip("F")].iccid))
        expect(cancel(iccid, "Unavailable").code, "8.2.1/3.3")

    @case("5.3.3", "1.3/2.2 and 1.3/2.1 without or with a strange final status", uncertain=True)
    def _():
        iccid, _ = server.order()
        expect(server.es2_call("cancelOrder", iccid=iccid).code, "1.3/2.2")
        expect(cancel(iccid, "Perhaps").code, "1.3/2.1")

    @case("5.3.3", "8.2.1/1.2 the order of another operator")
    def _():
        iccid, _ = server.order()
        expect(cancel(iccid, peer=server.other_es2, header=server.header(OTHER_OPERATOR)).code,
               "8.2.1/1.2")


def release_profile(report, server):
    case = report.case

    @case("5.3.5", "confirmed, then released; 8.2.1/3.5 before and after")
    def _():
        iccid = server.download_order(profileType="plain")["iccid"]
        expect(server.es2_call("releaseProfile", iccid=iccid).code, "8.2.1/3.5")
        answer = server.confirm_order(iccid=iccid, releaseFlag=False)
        expect(server.state(iccid)["state"], "Confirmed")
        card = new_euicc(server.pki, 330)
        expect(server.authenticate(card, answer["matchingId"]).code, "8.2/1.2")
        expect(server.es2_call("releaseProfile", iccid=iccid).code, "ok")
        expect(server.authenticate(card, answer["matchingId"]).code, "ok")
        expect(server.es2_call("releaseProfile", iccid=iccid).code, "8.2.1/3.5")

    @case("5.3.5", "8.2.1/3.9 unknown, 8.2.1/1.2 of another operator, 1.3/2.2 no ICCID")
    def _():
        expect(server.es2_call("releaseProfile", iccid="8949999999999999999").code, "8.2.1/3.9")
        iccid, _ = server.order(releaseFlag=False)
        expect(server.es2_call("releaseProfile", peer=server.other_es2, iccid=iccid,
                               header=server.header(OTHER_OPERATOR)).code, "8.2.1/1.2")
        expect(server.es2_call("releaseProfile").code, "1.3/2.2")
