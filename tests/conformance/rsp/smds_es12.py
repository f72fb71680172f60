# SPDX-License-Identifier: Apache-2.0
"""ES12: events registered and deleted, and the cascade. SGP.22, 5.9, 5.10."""
import http.client
import os
import ssl
import time

from .bench import ROOT_SMDS, SMDS, eid, new_euicc, tern
from .report import expect
from .smds_bench import Smds, entries
from .wire import ES12, Peer, context


def run(report, pki, folder):
    single(report, pki, folder)
    cascade(report, pki, folder)
    expiry(report, pki, folder)


def single(report, pki, folder):
    case = report.case
    server = Smds(pki, os.path.join(folder, "one"), SMDS, "--events-per-eid", "5").start()
    try:
        @case("5.9.1", "registered, kept over SIGKILL, deleted")
        def _():
            expect(server.register(eid(1), "EV-1").code, "ok")
            server.server.kill()
            server.start()
            row = server.events()[0]
            expect((row["eid"], row["eventId"]), (eid(1), "EV-1"))
            expect(server.delete(eid(1), "EV-1").code, "ok")
            expect(server.events(), [])

        @case("5.9.1", "8.9.5/3.3 the same EventID again, also from another requester")
        def _():
            expect(server.register(eid(2), "EV-2").code, "ok")
            expect(server.register(eid(2), "EV-2").code, "8.9.5/3.3")
            expect(server.register(eid(2), "EV-2", peer=server.other_es12).code, "8.9.5/3.3")
            expect(server.register(eid(3), "EV-2").code, "ok")
            expect(len(server.events()), 2)

        @case("5.9.2", "8.9.5/3.9 deleted before, never there, there for another EID")
        def _():
            expect(server.delete(eid(2), "NEVER").code, "8.9.5/3.9")
            expect(server.delete(eid(99), "EV-2").code, "8.9.5/3.9")
            expect(server.delete(eid(3), "EV-2").code, "ok")
            expect(server.delete(eid(3), "EV-2").code, "8.9.5/3.9")

        @case("5.9.2", "8.9.5/1.2 the event of another requester", uncertain=True)
        def _():
            expect(server.delete(eid(2), "EV-2", peer=server.other_es12).code, "8.9.5/1.2")
            expect(len(server.events()), 1)

        @case("5.9.1", "8.9/4.2 more events for one eUICC than are kept", uncertain=True)
        def _():
            for i in range(5):
                expect(server.register(eid(4), "MANY-%d" % i).code, "ok")
            expect(server.register(eid(4), "MANY-5").code, "8.9/4.2")

        @case("6.5.1", "ES12 without a client certificate is refused by TLS")
        def _():
            nobody = Peer(SMDS, server.server.ports["es12"], context(pki.anchors))
            try:
                raise AssertionError(nobody.raw(ES12 + "registerEvent", b"{}")[0])
            except (ssl.SSLError, ConnectionError, http.client.HTTPException):
                pass

        @case("6.5.1", "1.2/1.2 an operator's certificate is not enough", uncertain=True)
        def _():
            expect(server.register(eid(5), "X", peer=server.stranger).code, "1.2/1.2")
            expect(server.delete(eid(2), "EV-2", peer=server.stranger).code, "1.2/1.2")

        for member in ("eid", "eventId", "address", "forward", "header"):
            @case("5.9.1", "a refusal without %s" % member, uncertain=True)
            def _(member=member):
                arguments = {"eid": eid(6), "event_id": "X"}
                arguments.update({"eid": {"eid": None}, "eventId": {"event_id": None},
                                  "address": {"address": None}, "forward": {"forward": None},
                                  "header": {"header": None}}[member])
                expect(server.register(**arguments).code,
                       "1.2/2.2" if member == "header" else "1.3/2.2")

        for words, wrong in (("an EID of 31 digits", {"eid": eid(6)[:31]}),
                             ("letters in the EID", {"eid": "X" * 32}),
                             ("an empty EventID", {"event_id": ""}),
                             ("a long EventID", {"event_id": "X" * 256}),
                             ("a number for the EventID", {"event_id": 5}),
                             ("an address of 5,000 characters", {"address": "x" * 5000}),
                             ("a text for forwardingIndicator", {"forward": "yes"})):
            @case("5.9.1", "1.3/2.1 %s" % words, uncertain=True)
            def _(wrong=wrong):
                arguments = {"eid": eid(6), "event_id": "X"}
                arguments.update(wrong)
                expect(server.register(**arguments).code, "1.3/2.1")

        @case("6.5.1", "HTTP 400, 404, 405 for what is no request; ES11 is not on this port")
        def _():
            path = ES12 + "registerEvent"
            for body in (b"", b"[]", b"nonsense", b'{"a":1,"a":2}', b"{}{}", b"\xff"):
                expect(server.es12.raw(path, body)[0], 400)
            expect(server.es12.raw(ES12 + "nothing", b"{}")[0], 404)
            expect(server.es12.raw(path, None, method="GET")[0], 405)
            expect(server.es12.raw("/gsma/rsp2/es9plus/initiateAuthentication", b"{}")[0], 404)

        @case("6.5.1", "a body over the limit is refused")
        def _():
            try:
                status = server.es12.raw(ES12 + "registerEvent", b" " * 200000)[0]
                assert status in (400, 413), status
            except (ConnectionError, ssl.SSLError):
                pass
            server.es12.close()
            expect(server.delete(eid(2), "EV-2").code, "ok")

        @case("5.9.1", "a backup of the running server can go on in its place")
        def _():
            home = os.path.join(folder, "restored")
            os.makedirs(home)
            tern("smds", "backup", "--data", server.data, os.path.join(home, "data"))
            copy = Smds(pki, home, SMDS).start()
            try:
                expect(copy.events(), server.events())
                expect(copy.delete(eid(4), "MANY-0").code, "ok")
                expect(len(server.events()), len(copy.events()) + 1)
            finally:
                copy.stop()

        @case("6.5.1", "/healthz and /metrics")
        def _():
            admin = Peer(SMDS, server.server.ports["admin"], context(pki.anchors))
            expect(admin.raw("/healthz", None, {}, "GET")[::2], (200, b"ok\n"))
            text = admin.raw("/metrics", None, {}, "GET")[2].decode()
            assert 'function="ES12.RegisterEvent",status="8.9.5/3.3"} ' in text, text
            expect(admin.raw("/else", None, {}, "GET")[0], 404)

        @case("5.9.1", "after all this only what was registered is there")
        def _():
            expect({row["eid"] for row in server.events()}, {eid(4)})
    finally:
        server.stop()


def cascade(report, pki, folder):
    case = report.case
    root = Smds(pki, os.path.join(folder, "root"), ROOT_SMDS).start()
    port = root.server.ports["es12"]
    parent = "%s:%d" % (ROOT_SMDS, port)
    arguments = ("--parent", parent, "--resolve", "%s:%d:127.0.0.1" % (ROOT_SMDS, port),
                 "--allow-network", "127.0.0.0/8", "--allow-port", str(port))
    server = Smds(pki, os.path.join(folder, "alternative"), SMDS, *arguments).start()
    try:
        @case("5.10", "forwarded: the root announces the alternative under another EventID")
        def _():
            expect(server.register(eid(10), "EV-10", forward=True).code, "ok")
            rows = root.events()
            expect(len(rows), 1)
            expect(rows[0]["rspServerAddress"], SMDS)
            assert rows[0]["eventId"] != "EV-10"
            expect(server.events()[0]["cascadeId"], rows[0]["eventId"])

        @case("5.10", "the eUICC goes from the root to the alternative to the SM-DP+")
        def _():
            card = new_euicc(pki, 10)
            first = entries(root.authenticate(card))
            expect(len(first), 1)
            expect(first[0][1], SMDS)
            second = entries(server.authenticate(card, first[0][0]))
            expect(second, [("EV-10", "smdp.conformance.example")])

        @case("5.10", "not forwarded: the root knows nothing")
        def _():
            expect(server.register(eid(11), "EV-11", forward=False).code, "ok")
            expect(len(root.events()), 1)

        @case("5.10", "deleted below, deleted above")
        def _():
            expect(server.delete(eid(10), "EV-10").code, "ok")
            root.wait_for(0)

        @case("5.10", "the paths of ES15 are taken, too", uncertain=True)
        def _():
            expect(root.register(eid(12), "E15", path="/gsma/rsp2/es15/").code, "ok")
            expect(root.delete(eid(12), "E15", path="/gsma/rsp2/es15/").code, "ok")

        @case("5.10", "8.9/5.1 the root is away: nothing is kept; deletions wait for it")
        def _():
            expect(server.register(eid(13), "EV-13", forward=True).code, "ok")
            root.server.kill()
            expect(server.register(eid(14), "EV-14", forward=True).code, "8.9/5.1")
            expect({row["eventId"] for row in server.events()}, {"EV-11", "EV-13"})
            expect(server.delete(eid(13), "EV-13").code, "ok")
            root.server.command[root.server.command.index("--listen-es12") + 1] = \
                "127.0.0.1:%d" % port
            root.start()
            root.wait_for(0)

        @case("5.10", "8.9.1/3.8 where the policy does not let us reach the root")
        def _():
            walled = Smds(pki, os.path.join(folder, "walled"), SMDS, "--parent",
                          "127.0.0.1:%d" % port).start()
            try:
                expect(walled.register(eid(15), "EV-15", forward=True).code, "8.9.1/3.8")
                expect(walled.events(), [])
            finally:
                walled.stop()
    finally:
        expect(server.stop(), 0)
        expect(root.stop(), 0)


def expiry(report, pki, folder):
    case = report.case
    server = Smds(pki, os.path.join(folder, "short"), SMDS, "--event-lifetime", "4").start()
    try:
        @case("5.9.1", "an event past its time is not told, and its EventID is free again")
        def _():
            card = new_euicc(pki, 20)
            expect(server.register(eid(20), "SOON").code, "ok")
            expect(len(entries(server.authenticate(card))), 1)
            time.sleep(5.2)  # the lifetime, which a busy machine must not reach before
            expect(entries(server.authenticate(card)), [])
            expect(server.authenticate(card, "SOON").code, "8.9.5/3.9")
            expect(server.register(eid(20), "SOON").code, "ok")
    finally:
        server.stop()
