"""The process in which a stranger's PDF is read (verify_apart.py): the file is its standard input, the fingerprints of
our seals are its arguments, JSON is its answer.
"""

import json
import resource
import sys
from dataclasses import asdict
from datetime import datetime

from petitions.verify import inspect_known

CPU_SECONDS = 10  # a document of ours of a million names takes one
MEMORY = 448 << 20  # bytes of address space; one of ours with 300,000 objects takes half


def main() -> None:
    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
    with open(0, "rb") as pdf:
        found = inspect_known(pdf, set(sys.argv[1:]))
    print(json.dumps(asdict(found), default=datetime.isoformat))


if __name__ == "__main__":
    main()
