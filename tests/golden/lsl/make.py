"""Writes what liblsl sends: feeds in both byte orders, descriptions, answers by UDP.

Needs pylsl. A reader that says it is big-endian and slow at turning bytes gets big-endian samples.
"""

import json
import os
import socket
import time
from pathlib import Path

HERE = Path(__file__).parent
os.environ["LSLAPICFG"] = str(HERE.parents[1] / "lsl" / "lsl_api.cfg")

import numpy  # noqa: E402
import pylsl  # noqa: E402

RATE_HZ = 256
# Number in liblsl, bytes of a value, values.
FORMATS = {
    "float32": (pylsl.cf_float32, 4, [0.0, -1.5, 3.4e38, 1e-40, 123.456, -0.0, 7e-3, -99999.5]),
    "double64": (pylsl.cf_double64, 8, [0.0, -1.5, 1e300, 1e-40, 123.456789012, -2.5e-9, 7e3, 1 / 3]),
    "int8": (pylsl.cf_int8, 1, [0, -1, 127, -128, 5, 64, -77, 100]),
    "int16": (pylsl.cf_int16, 2, [0, -1, 32767, -32768, 258, -300, 7, 1000]),
    "int32": (pylsl.cf_int32, 4, [0, -1, 2147483647, -2147483648, 65539, -70000, 7, 16777217]),
    "int64": (pylsl.cf_int64, 8, [0, -1, 2**63 - 1, -(2**63), 2**40 + 3, -(2**33), 7, 1 << 53]),
}
CHANNELS = [("Fp1", "microvolts"), ("F3 & <C3>", "µV"), ("", "")]


def tcp(port, request):
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.sendall(request)
    return connection


def until_quiet(connection):
    data = b""
    connection.settimeout(0.5)
    try:
        while piece := connection.recv(65536):
            data += piece
    except TimeoutError:
        pass
    connection.close()
    return data


def ask(port, packet):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(2)
        ear.sendto(packet.replace(b"PORT", str(ear.getsockname()[1]).encode()), ("127.0.0.1", port))
        return ear.recv(65536)


def main():
    numpy.seterr(over="ignore")
    feeds = []
    for name, (number, size, values) in FORMATS.items():
        info = pylsl.StreamInfo("golden " + name, "EEG", len(CHANNELS), RATE_HZ, number, "golden-" + name)
        channels = info.desc().append_child("channels")
        for label, unit in CHANNELS:
            channel = channels.append_child("channel")
            channel.append_child_value("label", label)
            channel.append_child_value("unit", unit)
        outlet = pylsl.StreamOutlet(info)
        served = outlet.get_info()
        xml = served.as_xml()
        port = int(xml.split("<v4data_port>")[1].split("<")[0])
        service = int(xml.split("<v4service_port>")[1].split("<")[0])
        readers = {}
        for order in ("1234", "4321"):
            request = (
                f"LSL:streamfeed/110 {served.uid()}\r\nNative-Byte-Order: {order}\r\nEndian-Performance: 0\r\n"
                "Has-IEEE754-Floats: 1\r\nSupports-Subnormals: 1\r\n"
                f"Value-Size: {size}\r\n"
                "Data-Protocol-Version: 110\r\nMax-Buffer-Length: 1000\r\nMax-Chunk-Length: 0\r\n\r\n"
            )
            readers[order] = tcp(port, request.encode())
        time.sleep(0.5)
        frames = [[values[(frame * 3 + channel) % len(values)] for channel in range(3)] for frame in range(8)]
        # One by one: the first sample of each carries its stamp.
        outlet.push_sample(frames[0], 1000.5)
        outlet.push_chunk(frames[1:6], 1000.75)
        outlet.push_sample(frames[6], 1001.0)
        outlet.push_sample(frames[7], 1001.00390625)
        time.sleep(0.3)
        for order, connection in readers.items():
            data = until_quiet(connection)
            stored = "little" if b"Byte-Order: 1234" in data else "big"
            (HERE / f"{name}_{order}.bin").write_bytes(data)
            feeds.append({
                "file": f"{name}_{order}.bin", "format": name, "order": stored, "uid": served.uid(),
                "bits": [int(numpy.float32(value).view(numpy.uint32)) for frame in frames for value in frame],
                "stamps_s": [1000.5, *[1000.75 - (4 - k) / RATE_HZ for k in range(5)], 1001.0, 1001.00390625],
            })
        if name == "float32":
            (HERE / "fullinfo.xml").write_bytes(until_quiet(tcp(port, b"LSL:fullinfo\r\n")))
            query = b"LSL:shortinfo\r\nsource_id='golden-float32'\r\nPORT 4711\r\n"
            (HERE / "shortinfo.bin").write_bytes(ask(service, query))
            (HERE / "timedata.bin").write_bytes(ask(service, b"LSL:timedata\r\n77 12345.678901234\r\n"))
            (HERE / "not_found.bin").write_bytes(until_quiet(tcp(port, b"LSL:streamfeed/110 another\r\nValue-Size: 4\r\n\r\n")))
            (HERE / "value_size_8.bin").write_bytes(until_quiet(tcp(
                port, f"LSL:streamfeed/110 {served.uid()}\r\nValue-Size: 8\r\nMax-Buffer-Length: 0\r\n\r\n".encode())))
        del outlet
    (HERE / "feeds.json").write_text(json.dumps(feeds, indent=1) + "\n")


main()
