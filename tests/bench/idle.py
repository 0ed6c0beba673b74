"""What idle shards cost in memory, with TLS and each compression: ./dev bench idle [SHARDS].

    /usr/bin/python3 tests/bench/idle.py PROGRAM [SHARDS]
"""
from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from standin.certs import Authority  # noqa: E402
from standin.standin import Standin  # noqa: E402

COMPRESSIONS = {"none": "0", "zlib-stream": "1", "zstd-stream": "2"}


def main() -> None:
    shards = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        good = authority.issue("standin")
        for name, number in COMPRESSIONS.items():
            with Standin(shards=shards, cert=good.cert, key=good.key, max_concurrency=shards, identify_window=0.0) as standin:
                standin.identify_limit["remaining"] = standin.identify_limit["total"] = 10 * shards
                done = subprocess.run([sys.argv[1], standin.url, standin.token, authority.ca, str(shards), number], capture_output=True, text=True, check=False, timeout=600)
                print(f"--- {name}\n{done.stdout}{done.stderr[-2000:]}", flush=True)
                if done.returncode:
                    sys.exit(1)


if __name__ == "__main__":
    main()
