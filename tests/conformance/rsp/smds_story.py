# SPDX-License-Identifier: Apache-2.0
"""An SM-DP+ that announces its orders: a download started by nothing but an event. SGP.22, 3.6."""
import os

from .bench import SMDP, SMDS, Smdp, eid, new_euicc
from .euicc import one_time_key
from .report import expect
from .smdp_download import open_package, smdp_oid
from .smds_bench import Smds, entries


def run(report, pki, folder):
    case = report.case
    smds = Smds(pki, os.path.join(folder, "smds"), SMDS).start()
    port = smds.server.ports["es12"]
    address = "%s:%d" % (SMDS, port)
    smdp = Smdp(pki, os.path.join(folder, "smdp"), "--resolve", address + ":127.0.0.1",
                "--allow-network", "127.0.0.0/8", "--allow-port", str(port))
    smdp.add(10, "plain")
    smdp.start()
    try:
        @case("3.6", "ConfirmOrder, event, retrieval, download, deletion")
        def _():
            card = new_euicc(pki, 70)
            iccid, matching_id = smdp.order(eid=eid(70), smdsAddress=address)
            expect(smds.events()[0]["eventId"], matching_id)
            event = entries(smds.authenticate(card))
            expect(event, [(matching_id, SMDP)])
            answer = smdp.authenticate(card, event[0][0])
            otsk = one_time_key()
            opened = open_package(smdp, card, answer, smdp.get_package(card, answer, otsk), otsk)
            expect(opened.upp, smdp.profiles[iccid].upp)
            expect(len(smds.events()), 1)
            smdp.notify(card.result(answer["transactionId"], SMDP.encode(), smdp_oid(smdp),
                                    smdp.profiles[iccid].iccid))
            smds.wait_for(0)

        @case("5.3.2", "an empty MatchingID with an SM-DS gets an EventID of ours", uncertain=True)
        def _():
            _, matching_id = smdp.order(eid=eid(71), smdsAddress=address, matchingId="")
            assert len(matching_id) > 10
            expect(smds.events()[0]["eventId"], matching_id)

        @case("5.3.3", "CancelOrder deletes the event")
        def _():
            rows = smds.events()
            iccid = [i for i in smdp.profiles if (smdp.state(i) or {}).get("matchingId") ==
                     rows[0]["eventId"]][0]
            answer = smdp.es2_call("cancelOrder", iccid=iccid, eid=eid(71),
                                   finalProfileStatusIndicator="Available")
            expect(answer.code, "ok")
            smds.wait_for(0)

        @case("5.3.5", "ReleaseProfile registers what ConfirmOrder held back")
        def _():
            iccid, matching_id = smdp.order(eid=eid(72), smdsAddress=address, releaseFlag=False)
            expect(smds.events(), [])
            expect(smdp.es2_call("releaseProfile", iccid=iccid).code, "ok")
            expect(smds.events()[0]["eventId"], matching_id)
            smdp.es2_call("cancelOrder", iccid=iccid, eid=eid(72),
                          finalProfileStatusIndicator="Available")
            smds.wait_for(0)

        @case("5.3.2", "8.9/5.1 the SM-DS is away: the order stays as it was, and works later")
        def _():
            ordered = smdp.download_order(profileType="plain", eid=eid(73))
            smds.server.kill()
            answer = smdp.confirm_order(iccid=ordered["iccid"], smdsAddress=address,
                                        releaseFlag=True)
            expect(answer.code, "8.9/5.1")
            expect(smdp.state(ordered["iccid"])["state"], "Linked")
            arguments = smds.server.command
            arguments[arguments.index("--listen-es12") + 1] = "127.0.0.1:%d" % port
            smds.start()
            expect(smdp.confirm_order(iccid=ordered["iccid"], smdsAddress=address,
                                      releaseFlag=True).code, "ok")
            expect(len(smds.events()), 1)

        @case("5.3.2", "8.9/4.2 the SM-DS says no", uncertain=True)
        def _():
            answer = smdp.download_order(profileType="plain", eid=eid(74))
            for i in range(64):
                smds.register(eid(74), "FULL-%d" % i)
            refused = smdp.confirm_order(iccid=answer["iccid"], smdsAddress=address,
                                         releaseFlag=True)
            expect(refused.code, "8.9/4.2")
    finally:
        expect(smdp.stop(), 0)
        expect(smds.stop(), 0)
