"""The checksums of rows (src/outbox/file/checksum.c), as a second opinion for tests."""
import functools
import struct

# Texts are passed as blobs, because a damaged one may not be UTF-8.
EVENT = ("event_checksum(event_id, site_id, CAST(message_id AS BLOB), CAST(kind AS BLOB), CAST(name AS BLOB),"
         " CAST(email AS BLOB), occurred_at, received_at, envelope_id, browser, provisional,"
         " CAST(body AS BLOB))")
ENVELOPE = ("envelope_checksum(envelope_id, CAST(context AS BLOB), CAST(integrations AS BLOB),"
            " CAST(sent_at AS BLOB))")
# The rows whose checksum is wrong.
WRONG = (
    f"SELECT 'checksum', event_id FROM event WHERE checksum <> {EVENT}",
    f"SELECT 'checksum of envelope', envelope_id FROM envelope WHERE checksum <> {ENVELOPE}",
)


def _add(checksum, word):
    checksum = (checksum ^ word) * 0x9e3779b97f4a7c15 % 2**64
    return checksum ^ checksum >> 32


def _add_text(checksum, text):
    words = [word for (word,) in struct.iter_unpack("<Q", text + bytes(-len(text) % 8))]
    blocks = len(text) // 32 * 4  # the words that are mixed in four lanes
    if blocks:
        lanes = [checksum, 1, 2, 3]
        for i in range(blocks):
            lanes[i % 4] = _add(lanes[i % 4], words[i])
        checksum = functools.reduce(_add, lanes)
    return functools.reduce(_add, words[blocks:], checksum)


def _checksum(numbers, texts):
    numbers = [(number or 0) % 2**64 for number in numbers]
    lengths = [2**64 - 1 if text is None else len(text) for text in texts]
    checksum = functools.reduce(_add, numbers + lengths, 0)
    for text in texts:
        checksum = _add_text(checksum, text or b"")
    return checksum - 2**64 if checksum >= 2**63 else checksum


def event(event_id, site_id, message_id, kind, name, email, occurred_at, received_at, envelope_id,
          browser, provisional, body):
    return _checksum((event_id, site_id, occurred_at, received_at, envelope_id, provisional, browser),
                     (message_id, kind, name, email, body))


def envelope(envelope_id, context, integrations, sent_at):
    return _checksum((envelope_id,), (context, integrations, sent_at))


def register(file):
    """Makes both functions known to a connection."""
    file.create_function("event_checksum", 12, event)
    file.create_function("envelope_checksum", 4, envelope)


def seal(file):
    """Makes the checksums of events true again after a test has changed them."""
    register(file)
    file.execute(f"UPDATE event SET checksum = {EVENT}")
