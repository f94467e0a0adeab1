"""The least that any PDF of these names costs: zlib at level 6 over the contents of its pages, and nothing else.

python -m bench.floor PDF
"""

import json
import mmap
import re
import sys
import time
import zlib
from itertools import islice
from pathlib import Path

_CONTENT = re.compile(rb"<</Filter/FlateDecode/Length (\d+)>>stream\n")
GROUP = 256  # pages unpacked before they are packed again, so that unpacking stays out of the figure


def measure(pdf: Path) -> dict[str, float]:
    cpu, size, pages = 0.0, 0, 0
    with pdf.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _CONTENT.finditer(data)
        while group := list(islice(found, GROUP)):
            contents = [zlib.decompress(data[one.end() : one.end() + int(one[1])]) for one in group]
            began = time.process_time()
            size += sum(len(zlib.compress(content, 6)) for content in contents)
            cpu += time.process_time() - began
            pages += len(contents)
    return {"cpu": cpu, "size": size, "pages": pages}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
