"""A second opinion on which events a damaged file still holds, page by page; the file's size is that of
the outbox's pages."""
import struct

import spoolchecksum

PAGE = 8192
LEAF = 13
COLUMNS = 13


def _varint(data, at):
    value = 0
    for i in range(8):
        byte = data[at + i]
        value = value << 7 | byte & 0x7f
        if byte < 0x80:
            return value, at + i + 1
    return value << 8 | data[at + 8], at + 9


def _value(kind, data, at):
    if kind >= 12:
        end = at + (kind - 12) // 2
        if end > len(data):
            raise IndexError
        return bytes(data[at:end]), end
    if kind in (0, 8, 9):
        return (None, 0, 1)[(0, 8, 9).index(kind)], at
    size = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}[kind]
    if at + size > len(data):
        raise IndexError
    return int.from_bytes(data[at:at + size], "big", signed=True), at + size


def _payload(read, page, at, size):
    """The bytes of a record, with those on overflow pages."""
    if size <= PAGE - 35:
        return page[at:at + size]
    least = (PAGE - 12) * 32 // 255 - 23
    local = least + (size - least) % (PAGE - 4)
    local = local if local <= PAGE - 35 else least
    data, at = page[at:at + local], at + local
    following = struct.unpack_from(">I", page, at)[0]
    while len(data) < size:
        page = read(following)
        data += page[4:4 + min(size - len(data), PAGE - 4)]
        following = struct.unpack_from(">I", page, 0)[0]
    return data


def _event(read, page, at):
    size, at = _varint(page, at)
    rowid, at = _varint(page, at)
    data = _payload(read, page, at, size)
    head, at = _varint(data, 0)
    kinds = []
    while at < head:
        kind, at = _varint(data, at)
        kinds.append(kind)
    if len(kinds) != COLUMNS or at != head:
        return None
    row = []
    for kind in kinds:
        value, at = _value(kind, data, at)
        row.append(value)
    row[0] = rowid
    return tuple(row) if row[-1] == spoolchecksum.event(*row[:-1]) else None


def events(pages):
    """Returns {event_id: row} of the events whose checksum is right; pages: the newest content of each
    page, bytes or None."""
    def read(number):
        page = pages[number - 1] if 0 < number <= len(pages) else None
        if page is None:
            raise IndexError
        return page
    found = {}
    for page in pages:
        if page is None or page[0] != LEAF:
            continue
        for i in range(struct.unpack_from(">H", page, 3)[0]):
            try:
                row = _event(read, page, struct.unpack_from(">H", page, 8 + 2 * i)[0])
            except (IndexError, KeyError, ValueError, struct.error, AttributeError, TypeError):
                continue
            if row is not None:
                found[row[0]] = row
    return found


def split(data):
    """The pages of a file without a log; a page that the file ends in is lost."""
    return [data[at:at + PAGE] if at + PAGE <= len(data) else None for at in range(0, len(data), PAGE)]
