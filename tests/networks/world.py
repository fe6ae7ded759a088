"""The world beyond the gateway: two resolvers, two TLS hosts, a vendor. `python -m tests.networks.world CERT KEY`."""

import asyncio
import sys
from pathlib import Path
from typing import cast

import dns.message
import dns.rrset
from typing_extensions import override

from probe.wire import ServedConnection, ServerTls, listen, serve, server_context
from tests.networks.spaces import HOSTS, RESOLVERS, VENDOR

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Resolver(asyncio.DatagramProtocol):
    """Says that every name has the same address."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # before 3.12 it does not say so itself

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", VENDOR))
        assert self._transport is not None
        self._transport.sendto(answer.to_wire(), addr)


async def answer(connection: ServedConnection) -> None:
    """Answer one request."""
    await connection.read()
    await connection.write(_ANSWER)
    connection.close()


async def main(tls: ServerTls) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    for address in RESOLVERS:
        await loop.create_datagram_endpoint(Resolver, local_addr=(address, 53))
    for address in HOSTS:
        await serve(listen(address, 443), answer, tls=tls)
    await serve(listen(VENDOR, 80), answer)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    certificate, key = (Path(name).read_bytes() for name in sys.argv[1:3])
    asyncio.run(main(server_context(certificate, key)))
