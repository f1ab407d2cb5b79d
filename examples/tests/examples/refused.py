"""Refused writes, each followed by an accepted one, on one connection.

Usage: refused.py URL EXCHANGES, for each way to send and each size. Every
error is printed, and makes the program fail.
"""

import http.client
import sys
from urllib.parse import urlsplit

import requests

SIZES = 20, 1_000, 10_000, 40_000, 60_000, 100_000, 1_000_000
# The service takes 64 KiB. Larger content is refused too, and then sent with a
# valid size.
LARGEST = 60_000


class TwoPackets:
    """http.client, which sends head and content separately."""

    def __init__(self, url):
        self.path = url.path
        self.connection = http.client.HTTPConnection(url.netloc, timeout=30)

    def put(self, content, headers):
        self.connection.request("PUT", self.path, content, headers)
        response = self.connection.getresponse()
        response.read()
        return response.status, response.headers.get("etag")


class OnePacket(TwoPackets):
    """The same, with head and content sent together."""

    def __init__(self, url):
        super().__init__(url)
        self.connection.send = self.send
        self.pending = b""

    def send(self, data):
        self.pending += data

    def put(self, content, headers):
        connection = self.connection
        connection.putrequest("PUT", self.path)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content)
        if connection.sock is None:
            connection.connect()
        connection.sock.sendall(self.pending)
        self.pending = b""
        response = connection.getresponse()
        response.read()
        return response.status, response.headers.get("etag")


class Chunked(TwoPackets):
    """http.client with content of unknown length."""

    def put(self, content, headers):
        pieces = (content[i : i + 8192] for i in range(0, len(content), 8192))
        return super().put(pieces, headers)


class Requests:
    """requests, as most programs in Python."""

    def __init__(self, url):
        self.url = url.geturl()
        self.session = requests.Session()
        self.session.trust_env = False

    def put(self, content, headers):
        response = self.session.put(self.url, content, headers=headers, timeout=30)
        return response.status_code, response.headers.get("etag")


def note(size):
    """Returns a note of so many bytes."""
    return b'{"title":"' + b"x" * (size - 12) + b'"}'


def exchange(client, size, number):
    json = {"Content-Type": "application/json"}
    stale = {**json, "If-Match": '"0"'}
    # Every third write is refused because it has no condition.
    expected, headers = (428, json) if number % 3 == 2 else (412, stale)
    status, tag = client.put(note(size), headers)
    assert status == expected, f"{status} in place of {expected}"
    if tag is None:
        status, tag = client.put(note(20), stale)
        assert status == 412, f"{status} in place of 412"
    status, _ = client.put(note(min(size, LARGEST)), {**json, "If-Match": tag})
    assert status == 200, f"{status} in place of 200"


def report(line):
    print(line, file=sys.stderr)


def main():
    url, exchanges = urlsplit(sys.argv[1]), int(sys.argv[2])
    failed = False
    for way in TwoPackets, OnePacket, Chunked, Requests:
        for size in SIZES:
            client, errors = way(url), {}
            for number in range(exchanges):
                try:
                    exchange(client, size, number)
                except Exception as error:
                    text = f"{type(error).__name__}: {error}"
                    errors[text] = errors.get(text, 0) + 1
                    client = way(url)
            count = sum(errors.values())
            failed = failed or count > 0
            report(f"{way.__name__} {size}: {count} errors of {exchanges}")
            for text, times in errors.items():
                report(f"  {times} times {text}")
    sys.exit(failed)


main()
