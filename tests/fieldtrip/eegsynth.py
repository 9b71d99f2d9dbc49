"""The FieldTrip buffer of the EEGsynth (from PyPI, `eegsynth`), filled from standard input.

Lines are those of `server.py` that it can do: {"header": ...} and {"put": samples}. Argument: seconds in the
ring.
"""

import json
import random
import socket
import struct
import sys
import threading

from lib import FieldTrip

import protocol as ft


# The buffer prints what it does, and standard output is spoken for.
sys.stdout = sys.stderr


def say(**what):
    sys.__stdout__.write(json.dumps(what) + "\n")
    sys.__stdout__.flush()


def main():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = FieldTrip.Server()
    server.length, server.timeout = float(sys.argv[1]), 0.01
    server.connect("127.0.0.1", port)

    def run():
        while True:
            server.loop()

    threading.Thread(target=run, daemon=True).start()
    chance = random.Random(4)
    client = socket.create_connection(("127.0.0.1", port))
    say(port=port)
    told = None
    for line in sys.stdin:
        command = json.loads(line)
        if "header" in command:
            told = command["header"]
            client.sendall(ft.message("<", 0x101, ft.header("<", told["channels"], 0, 0, told["rate_hz"], told["kind"])))
            said = {}
        else:
            numbers = []
            for _ in range(command["put"] * told["channels"]):
                if told["kind"] == "int16":
                    numbers.append(chance.randint(-32768, 32767))
                else:
                    numbers.append(struct.unpack("<f", struct.pack("<f", chance.gauss(0, 100)))[0])
            part = ft.values("<", told["kind"], numbers)
            client.sendall(ft.message("<", 0x102, ft.data("<", told["channels"], told["kind"], part)))
            said = {"bits": ft.bits(numbers, None)}
        version, command, size = struct.unpack("<HHI", client.recv(8, socket.MSG_WAITALL))
        assert (version, command, size) == (1, 0x104, 0), (version, command, size)
        say(**said)


main()
