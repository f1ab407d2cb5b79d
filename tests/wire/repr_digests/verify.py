#!/usr/bin/env python3
"""Verifies the digests of a server, from the bytes on its connections.

    verify.py PORT

Each digest is compared with that of hashlib and with that of the command `openssl`. Prints the
number of digests that were verified, or fails.
"""

import base64
import gzip
import hashlib
import http.client
import subprocess
import sys

ALGORITHMS = {"sha-256": "sha256", "sha-512": "sha512"}
verified = 0


def fetch(port, method, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers={"Accept-Encoding": "identity", **headers})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def digest_of(response):
    lines = response.headers.get_all("Repr-Digest", [])
    assert len(lines) <= 1, lines
    return lines[0] if lines else None


def verify(field, content):
    """Expects that a header has the digest of the content, by one algorithm."""
    global verified
    key, value = field.split("=", 1)
    assert value[0] == value[-1] == ":", field
    digest = base64.b64decode(value[1:-1], validate=True)
    name = ALGORITHMS[key]
    assert digest == hashlib.new(name, content).digest(), field
    command = ["openssl", "dgst", f"-{name}", "-binary"]
    assert digest == subprocess.run(command, input=content, capture_output=True, check=True).stdout
    verified += 1


def main(port):
    whole, text = fetch(port, "GET", "/text", {})
    assert whole.status == 200 and whole.headers["Content-Encoding"] is None
    verify(digest_of(whole), text)
    assert digest_of(whole).startswith("sha-256=")

    head, nothing = fetch(port, "HEAD", "/text", {})
    assert (digest_of(head), nothing) == (digest_of(whole), b"")

    joined = b""
    for first in range(0, len(text), 1000):
        headers = {"Range": f"bytes={first}-{first + 999}"}
        part, content = fetch(port, "GET", "/text", headers)
        assert part.status == 206 and len(content) <= 1000
        assert digest_of(part) == digest_of(whole)
        joined += content
    verify(digest_of(part), joined)

    wanted = {"Want-Repr-Digest": "sha-512=10, sha-256=1, md5=9"}
    for method in ["GET", "HEAD"]:
        response, _ = fetch(port, method, "/text", wanted)
        assert digest_of(response).startswith("sha-512=")
        verify(digest_of(response), text)
    response, _ = fetch(port, "GET", "/text", {"Want-Repr-Digest": "sha-256=0"})
    assert digest_of(response) is None

    # Compression outside of the digest: these are other bytes, and there is no digest of them.
    coded, content = fetch(port, "GET", "/text", {"Accept-Encoding": "gzip"})
    assert coded.headers["Content-Encoding"] == "gzip" and gzip.decompress(content) == text
    assert digest_of(coded) is None

    # The handler coded it, and the digest is that of the coded bytes.
    for method in ["GET", "HEAD"]:
        coded, _ = fetch(port, method, "/coded", {"Accept-Encoding": "gzip"})
        _, content = fetch(port, "GET", "/coded", {"Accept-Encoding": "gzip"})
        assert coded.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(content) == b"hello"
        verify(digest_of(coded), content)

    for headers in [{}, {"If-None-Match": whole.headers["ETag"]}]:
        response, _ = fetch(port, "GET", "/text", headers)
        assert (response.status == 304) == (digest_of(response) is None), headers
    print(f"{verified} digests verified")


main(int(sys.argv[1]))
