# Measures pyiso8583 and iso8583sim on the messages of the arguments; prints a line for each package.
import sys
import timeit


def messages():
    for argument in sys.argv[1:]:
        message_type, decodes, *fields, frame = argument.split("|")
        fields = dict(field.split("=", 1) for field in fields)
        yield message_type, decodes == "true", fields, bytes.fromhex(frame)


def nanoseconds(call):
    timer = timeit.Timer(call)
    rounds, taken = timer.autorange()
    return min(timer.repeat(5, rounds)) / rounds * 1e9


def pyiso8583():
    import iso8583
    from iso8583.specs import default_ascii

    for message_type, decodes, fields, _ in messages():
        document = {"t": message_type, **fields}
        frame, _ = iso8583.encode(dict(document), default_ascii)
        read, _ = iso8583.decode(frame, default_ascii)
        assert all(read[number] == text for number, text in fields.items()), read
        if decodes:
            yield nanoseconds(lambda: iso8583.decode(frame, default_ascii))
        else:
            yield nanoseconds(lambda: iso8583.encode(dict(document), default_ascii))


def iso8583sim():
    from iso8583sim.core.builder import ISO8583Builder
    from iso8583sim.core.parser import ISO8583Parser
    from iso8583sim.core.types import ISO8583Message

    parser, builder = ISO8583Parser(), ISO8583Builder()
    for message_type, decodes, fields, _ in messages():
        fields = {0: message_type, **{int(number): text for number, text in fields.items()}}
        frame = builder.build(ISO8583Message(mti=message_type, fields=dict(fields)))
        read = parser.parse(frame)
        assert all(read.fields[number] == text for number, text in fields.items()), read
        if decodes:
            yield nanoseconds(lambda: parser.parse(frame))
        else:
            yield nanoseconds(lambda: builder.build(ISO8583Message(mti=message_type, fields=dict(fields))))


for package in (pyiso8583, iso8583sim):
    try:
        print(package.__name__, " ".join(f"{figure:.0f}" for figure in package()), sep="\t")
    except ImportError as error:
        print(package.__name__, f"left out, {error}", sep="\t")
