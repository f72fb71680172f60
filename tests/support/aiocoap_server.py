# SPDX-License-Identifier: Apache-2.0
"""Echo every POST that comes under OSCORE, with aiocoap. usage: PORT BASEDIR"""
import asyncio
import sys

import aiocoap
import aiocoap.credentials
import aiocoap.oscore_sitewrapper
import aiocoap.resource


class Echo(aiocoap.resource.Resource):
    async def render_post(self, request):
        return aiocoap.Message(code=aiocoap.CHANGED, payload=request.payload)


async def main(port, basedir):
    credentials = aiocoap.credentials.CredentialsMap()
    credentials.load_from_dict({":device": {"oscore": {"basedir": basedir}}})
    site = aiocoap.resource.Site()
    site.add_resource(["gsma", "rsp2", "asn1"], Echo())
    site.add_resource(["e"], Echo())  # the short path of ours under OSCORE
    wrapped = aiocoap.oscore_sitewrapper.OscoreSiteWrapper(site, credentials)
    await aiocoap.Context.create_server_context(
        wrapped, bind=("127.0.0.1", port), server_credentials=credentials)
    print("listening", flush=True)
    await asyncio.get_running_loop().create_future()


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
