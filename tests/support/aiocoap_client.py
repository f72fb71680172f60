# SPDX-License-Identifier: Apache-2.0
"""POST bodies under OSCORE with aiocoap; the peer must echo them. usage: URI BASEDIR SIZE ..."""
import asyncio
import sys

import aiocoap


async def main(uri, basedir, sizes):
    context = await aiocoap.Context.create_client_context()
    context.client_credentials.load_from_dict({uri + "*": {"oscore": {"basedir": basedir}}})
    for size in sizes:
        body = bytes(i * 7 % 251 for i in range(size))
        request = aiocoap.Message(code=aiocoap.POST, payload=body, uri=uri + "gsma/rsp2/asn1")
        response = await asyncio.wait_for(context.request(request).response, 20)
        if not response.code.is_successful() or response.payload != body:
            sys.exit(f"{size} bytes: {response.code}, {len(response.payload)} came back")
        print(f"{size} bytes there and back, {response.code}")
    await context.shutdown()


asyncio.run(main(sys.argv[1], sys.argv[2], [int(size) for size in sys.argv[3:]]))
