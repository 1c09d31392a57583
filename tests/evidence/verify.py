#!/usr/bin/env python3
"""Verifies Acquit evidence files: verify.py KEY FILE...

KEY is the journal's public key as C2SP writes it (name+id+base64). One line a file: `holds`, or `refused: CHECK NUMBER`
with the first check that fails, by the word and in the order of docs/evidence.md, and the entry or earlier checkpoint
where it does. Exit code 0 if all files hold, 1 if one is refused, 2 if the call is wrong. Plain Python 3.8, written
from the specifications, sharing nothing with the Rust.
"""
import base64, hashlib, json, re, sys

HEADING, FILE_BYTES, NOTE_BYTES, SIGNATURES = "acquit evidence 1\n", 4 << 20, 64 << 10, 16


class Refused(Exception):
    pass


def need(condition, check):
    if not condition:
        raise Refused(check)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# Ed25519 (RFC 8032), points as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        result = add(result, point) if scalar & 1 else result
        point, scalar = add(point, point), scalar >> 1
    return result


def decompress(data):
    y = int.from_bytes(data, "little") % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == data[31] >> 7 else -x % P
    return (x, y, 1, x * y % P) if x * x % P == square else None


BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    point, s = decompress(key), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or point is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y, z, _ = add(times(s, BASE), times(L - h, point))
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint). A key is (name, id, 32 bytes).
def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
        return data if base64.b64encode(data).decode() == text else b""
    except ValueError:
        return b""


def is_name(name):
    return re.fullmatch(r"[^\s+\x00-\x1f\x7f-\x9f]+", name) and len(name.encode()) <= 255


def parse_key(text):
    name, identifier, key = text.split("+", 2)
    key = unbase64(key)
    if not is_name(name) or len(key) != 33 or key[0] != 1 or sha256(name.encode(), b"\n", key)[:4].hex() != identifier:
        raise ValueError("that is no public key")
    return name, bytes.fromhex(identifier), key[1:]


def parse_note(text, check):
    """The text of a note, and its signature lines as (name, key id, signature)."""
    need(text.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f]", text), check)
    body, blank, rest = text[:-1].rpartition("\n\n")
    lines = [(re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line) or ["", "", ""]) for line in rest.split("\n")]
    lines = [(line[1], unbase64(line[2])) for line in lines]
    need(blank and len(lines) <= SIGNATURES and all(is_name(name) and len(data) > 4 for name, data in lines), check)
    return body + "\n", [(name, data[:4], data[4:]) for name, data in lines]


def verify_note(note, key, check):
    ours = [line[2] for line in note[1] if line[:2] == key[:2]]
    need(ours and all(signed(key[2], note[0].encode(), signature) for signature in ours), check)


def verify_checkpoint(text, key, check):
    """Size and root of a checkpoint that this key signed."""
    note = parse_note(text, check)
    verify_note(note, key, check)
    lines = re.fullmatch("([^\n]+)\n(0|[1-9][0-9]{0,19})\n([^\n]+)\n", note[0])
    need(lines and lines[1] == key[0] and int(lines[2]) < 2**64 and len(unbase64(lines[3])) == 32, check)
    return int(lines[2]), unbase64(lines[3])


# The tree (RFC 9162 section 2.1).
def climb(node, last, hashes, proof):
    """The roots that lead up from `hashes` by a proof; only the last of them takes siblings on the right."""
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            hashes = [sha256(b"\1", sibling, value) for value in hashes]
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            hashes = hashes[:-1] + [sha256(b"\1", hashes[-1], sibling)]
        node, last = node >> 1, last >> 1
    return hashes if last == 0 else None


def consistent(first, first_root, second, second_root, proof):
    if first == second or first == 0:
        return not proof and first_root == (second_root if first == second else sha256())
    perfect = first & (first - 1) == 0  # Then the proof begins with the first root and does not repeat it.
    if first > second or not (perfect or proof):
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    start, rest = (first_root, proof) if perfect else (proof[0], proof[1:])
    return climb(node, last, [start, start], rest) == [first_root, second_root]


# The document: what each field must look like. A list is (most items, shape of each).
def text(most):
    return lambda value: type(value) is str and len(value.encode()) <= most


def line(value):
    return text(4096)(value) and not re.search(r"[\x00-\x1f\x7f-\x9f]", value)


def number(value):
    return type(value) is int and 0 <= value < 2**64


def hexed(least, most):
    return lambda value: type(value) is str and re.fullmatch("([0-9a-f]{2})*", value) \
        and least <= len(value) // 2 <= most


def fits(value, shape):
    if isinstance(shape, dict):
        return type(value) is dict and list(value) == list(shape) and all(fits(value[k], shape[k]) for k in shape)
    if isinstance(shape, tuple):
        return type(value) is list and len(value) <= shape[0] and all(fits(item, shape[1]) for item in value)
    return shape(value)


HASH, PROOF = hexed(32, 32), (65, hexed(32, 32))
ENTRY = {"sequence": number, "leaf": number, "kind": lambda v: number(v) and v < 2,
         "record": lambda v: v is None or hexed(0, 256 << 10)(v), "salt": lambda v: v is None or HASH(v),
         "commitment": HASH, "card": lambda v: v is None or HASH(v), "proof": PROOF}
SHAPE = {"transaction": line, "story": {"zh": (4096, line), "en": (4096, line)}, "origin": text(255),
         "journal": hexed(16, 16), "entries": (1024, ENTRY), "checkpoint": text(NOTE_BYTES),
         "earlier": (256, {"checkpoint": text(NOTE_BYTES), "proof": PROOF})}


def parse_document(source):
    try:
        document = json.loads(source)
        need(json.dumps(document, ensure_ascii=False, indent=2) == source and fits(document, SHAPE), "form")
    except (ValueError, RecursionError):
        raise Refused("form")
    need(document["entries"], "form")
    need(all((e["record"] is None) == (e["salt"] is None) for e in document["entries"]), "form")
    return document


def verify(data, key):
    need(len(data) <= FILE_BYTES, "size")
    try:
        note = parse_note(data.decode(), "note")
    except UnicodeDecodeError:
        raise Refused("note")
    need(note[0].startswith(HEADING), "version")
    d = parse_document(note[0][len(HEADING):-1])
    size, root = verify_checkpoint(d["checkpoint"], key, "checkpoint")
    need(d["origin"] == key[0], "origin")
    last = 0
    for place, e in enumerate(d["entries"], 1):
        need(e["sequence"] > last, f"order {place}")
        last = e["sequence"]
        need(e["leaf"] == last - 1, f"position {place}")
        commitment, card = bytes.fromhex(e["commitment"]), bytes.fromhex(e["card"] or "00" * 32)
        if e["record"] is not None:
            shown = bytes.fromhex(e["salt"] + e["record"])
            need(sha256(b"acquit journal 2 record\0", shown) == commitment, f"record {place}")
        leaf = sha256(b"\0acquit journal 2 leaf\0", bytes.fromhex(d["journal"]), last.to_bytes(8, "big"),
                      bytes([e["kind"]]), commitment, card)
        path = climb(last - 1, size - 1, [leaf], [bytes.fromhex(item) for item in e["proof"]])
        need(last <= size and path == [root], f"inclusion {place}")
    for place, e in enumerate(d["earlier"], 1):
        old = verify_checkpoint(e["checkpoint"], key, f"earlier {place}")
        need(consistent(*old, size, root, [bytes.fromhex(item) for item in e["proof"]]), f"consistency {place}")
    verify_note(note, key, "signature")


def main(arguments):
    try:
        key = parse_key(arguments[0])
        files = [open(path, "rb").read() for path in arguments[1:]]
    except (IndexError, ValueError, OSError) as cause:
        print(f"verify.py KEY FILE...: {cause}", file=sys.stderr)
        return 2
    verdicts = []
    for data in files:
        try:
            verify(data, key)
            verdicts.append("holds")
        except Refused as refusal:
            verdicts.append(f"refused: {refusal}")
    print("\n".join(verdicts))
    return 0 if files and all(verdict == "holds" for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
