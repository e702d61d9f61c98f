"""The checksums of rows (src/outbox/file/checksum.c), as a second opinion for tests."""
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


def _checksum(numbers, texts):
    data = b"".join(struct.pack("<q", number or 0) for number in numbers)
    data += b"".join(struct.pack("<q", -1 if text is None else len(text)) for text in texts)
    data += b"".join(text + bytes(-len(text) % 8) for text in texts if text is not None)
    checksum = 0
    for (word,) in struct.iter_unpack("<Q", data):
        checksum = (checksum ^ word) * 0x9e3779b97f4a7c15 % 2**64
        checksum ^= checksum >> 32
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
