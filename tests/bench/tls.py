"""What TLS costs a link, with each TLS library: ./dev bench tls [MESSAGES].

    /usr/bin/python3 tests/bench/tls.py FOLDER_OF_OPENSSL FOLDER_OF_MBEDTLS [MESSAGES]
"""
from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from standin.certs import Authority  # noqa: E402

ROUNDS = 5
RATE = 1000
PACED = 3000


def main() -> None:
    programs = [Path(folder) / "tests" / "bench" / "bench_tls" for folder in sys.argv[1:3]]
    messages = sys.argv[3] if len(sys.argv) > 3 else "200000"
    names = [subprocess.run([program, "--library"], capture_output=True, text=True, check=True).stdout.strip() for program in programs]
    contenders = [("plain", programs[0], "plain"), *((name, program, "tls") for name, program in zip(names, programs))]
    costs: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        good = authority.issue("bench")
        for _ in range(ROUNDS):
            for name, program, kind in contenders:
                for pace, count, rate in (("burst", messages, "0"), ("paced", str(PACED), str(RATE))):
                    done = subprocess.run([program, good.cert, good.key, authority.ca, count, rate, kind], capture_output=True, text=True, check=True)
                    costs.setdefault((name, pace), []).append(float(done.stdout))
    print(f"CPU of a message of 1,200 bytes, us: medians of {ROUNDS} rounds; burst: {messages} messages, paced: {RATE} a second")
    for name, _, _ in contenders:
        print(f"{name:32} burst {statistics.median(costs[name, 'burst']):6.2f}   paced {statistics.median(costs[name, 'paced']):6.2f}")


if __name__ == "__main__":
    main()
