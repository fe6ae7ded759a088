"""The ground truth of tests/wire, for targets that are asked again and again."""

import socket

from tests.bench.machine import SERVER_CORE, stay_on
from tests.wire.ground_truth import Server


class RepeatingServer(Server):
    """Numbers its answers, so that a later one on the same path does not replace an earlier one."""

    def send(self, arrived: int, path: str, sock: socket.socket) -> None:
        """Answer, and remember when that was."""
        super().send(arrived, path, sock)
        if path in self.known:
            self.known[f"{path} {len(self.known)}"] = self.known.pop(path)


if __name__ == "__main__":
    stay_on(SERVER_CORE)
    RepeatingServer().run()
