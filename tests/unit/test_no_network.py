"""A unit test that reaches for the network fails at once."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketBlockedError


def test_a_unit_test_can_open_no_socket() -> None:
    with pytest.raises((SocketBlockedError, UserWarning), match="A test tried to use socket"):
        socket.create_connection(("127.0.0.1", 9))
