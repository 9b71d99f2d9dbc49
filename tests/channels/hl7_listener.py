"""An MLLP listener made of hl7apy, an HL7 library that vigil shares nothing with. It prints the port, then for every
message one line of JSON with the fields that a receiver needs, and answers as its argument says: AA, AE or AR."""

import json
import sys

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.mllp import AbstractHandler, MLLPRequestHandler, MLLPServer
from hl7apy.parser import parse_message

CODE = sys.argv[1] if len(sys.argv) > 1 else "AA"


class Report(AbstractHandler):
    def reply(self):
        message = parse_message(
            self.incoming_message, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False
        )
        header = message.msh
        facets = {}
        for segment in message.children:
            if segment.name == "OBX":
                facets[segment.obx_3.obx_3_2.to_er7()] = segment.obx_5.to_er7()
        print(
            json.dumps(
                {
                    "type": header.msh_9.to_er7(),
                    "version": header.msh_12.to_er7(),
                    "profile": header.msh_21.to_er7(),
                    "bed": message.pv1.pv1_3.to_er7(),
                    "patient": message.pid.pid_3.to_er7(),
                    "alarm": message.obr.obr_3.to_er7(),
                    "facets": facets,
                }
            ),
            flush=True,
        )
        control = header.msh_10.to_er7()
        return f"\x0bMSH|^~\\&|||||20260101||ACK^R40|1|P|2.6\rMSA|{CODE}|{control}|as told\r\x1c\r"


server = MLLPServer("127.0.0.1", 0, {"ORU^R40^ORU_R40": (Report,), "ORU^R40": (Report,)}, timeout=3600)
print(server.server_address[1], flush=True)
server.serve_forever()
