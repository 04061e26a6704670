"""Events in the journal of systemd, by its native protocol; the journal is a socket of the test's own."""

import logging
import socket
import struct

import pytest

from procession.daemon.journal import log_to_journal
from procession.model.event import Stalled


@pytest.fixture
def journal(tmp_path):
    """A journal that gives what it was sent."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "socket"))
    listening.settimeout(5)
    handler = log_to_journal(str(tmp_path / "socket"))
    yield listening
    logging.getLogger("procession.task").removeHandler(handler)
    logging.getLogger("procession.task").setLevel(logging.NOTSET)
    handler.close()
    listening.close()


def test_an_event_has_its_fields(journal):
    """Its word and its task can be searched for: ``journalctl PROCESSION_TASK=train``."""
    event = Stalled(at=1.0, silent_s=300.0, evidence="silent").of("train", 2)
    logging.getLogger("procession.task").warning("train: stalled", extra={"event": event})

    assert set(journal.recv(65536).splitlines()) == {
        b"MESSAGE=train: stalled",
        b"PRIORITY=4",
        b"SYSLOG_IDENTIFIER=procession",
        b"LOGGER=procession.task",
        b"PROCESSION_EVENT=stalled",
        b"PROCESSION_TASK=train",
        b"PROCESSION_ATTEMPT=2",
    }


def test_lines_in_a_message_make_no_fields(journal):
    """They are sent with their length, so that nobody can forge one."""
    logging.getLogger("procession.task").info("one\nPRIORITY=0")

    text = b"one\nPRIORITY=0"
    assert b"MESSAGE\n" + struct.pack("<Q", len(text)) + text + b"\n" in journal.recv(65536)


def test_a_journal_that_is_full_or_gone_holds_up_nobody(journal):
    """What it does not take is lost."""
    for _ in range(2000):
        logging.getLogger("procession.task").info("x" * 1000)
    journal.close()
    logging.getLogger("procession.task").info("gone")


def test_without_a_journal_there_is_no_handler(tmp_path):
    """And nothing is opened."""
    assert log_to_journal(str(tmp_path / "none")) is None
