"""Poster: the plain program that delivers without a bridge: threads, each with a requests session, post one object.

`python -m tests.bench.poster URL THREADS < object.json`, until it is stopped.
"""

import json
import sys
import threading
from typing import Any

import requests


def post(url: str, item: Any) -> None:
    session = requests.Session()
    while True:
        session.post(url, json=item, timeout=10).raise_for_status()


if __name__ == "__main__":
    given = json.load(sys.stdin)
    threads = [threading.Thread(target=post, args=(sys.argv[1], given)) for _ in range(int(sys.argv[2]))]
    for thread in threads:
        thread.start()
