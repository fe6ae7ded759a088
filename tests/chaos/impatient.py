"""A healthy server that waits for nobody: `python -m tests.chaos.impatient [DELAY]` says its port and serves.

It begins to answer DELAY seconds after a request, sends more than a client's buffers hold, and resets the connection of
everybody who takes nothing from it for 0.4 s.
"""

import asyncio
import sys

from probe.wire import ServedConnection, listen, serve

PATIENCE = 0.4
PIECE = bytes(100_000)
PIECES = 6
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (len(PIECE) * PIECES)


async def main(delay: float) -> None:
    """Serve until killed."""

    async def answer(connection: ServedConnection) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                if not await connection.read():
                    return
            await asyncio.sleep(delay)
            await connection.write(HEAD)
            for _ in range(PIECES):
                await asyncio.sleep(0.01)
                async with asyncio.timeout(PATIENCE):
                    await connection.write(PIECE)
            await asyncio.sleep(PATIENCE)
        except (TimeoutError, OSError):
            pass
        connection.reset()

    sock = listen("127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{sock.getsockname()[1]}\n")
    sys.stdout.flush()
    await serve(sock, answer)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.02))
