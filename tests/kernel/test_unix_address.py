"""Addresses of unix sockets beyond the kernel's 107 bytes."""

import errno
import os
import socket

import pytest

from procession.kernel.unix_address import ADDRESS_LIMIT_BYTES, short_address


@pytest.mark.parametrize("length", [ADDRESS_LIMIT_BYTES, ADDRESS_LIMIT_BYTES + 1, 250])
def test_around_the_limit(tmp_path, length):
    """C111: at the limit, one above it and far beyond, the socket is where it was wanted, and can be reached."""
    base = f"{tmp_path}/"
    directory = base + "d" * (length - len(base) - len("/s"))
    os.mkdir(directory)
    path = f"{directory}/s"
    assert len(path) == length
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as connecting:
        with short_address(path) as address:
            assert (address == path) == (length <= ADDRESS_LIMIT_BYTES)
            listening.bind(address)
        listening.listen()
        with short_address(path) as address:
            connecting.connect(address)
    assert os.listdir(directory) == ["s"]


def test_a_name_that_is_too_long(tmp_path):
    """A name that does not fit by itself is refused, not cut off."""
    with pytest.raises(OSError, match="too long") as caught, short_address(f"{tmp_path}/{'n' * 120}"):
        pass
    assert caught.value.errno == errno.ENAMETOOLONG
