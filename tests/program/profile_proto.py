"""A reader of pprof's profile.proto, of as much as the tests ask: Google's protobuf wire format has fields of numbers
(varints) and of bytes, which are messages, texts or packed numbers."""

import gzip


def read_varint(data, place):
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place


def read_fields(data):
    """(field's number, its value) of a message, in their order"""
    place = 0
    while place < len(data):
        tag, place = read_varint(data, place)
        if tag & 7 == 0:
            value, place = read_varint(data, place)
        else:
            assert tag & 7 == 2, f"a wire type that profile.proto has no use for: {tag & 7}"
            length, place = read_varint(data, place)
            value, place = data[place:place + length], place + length
            assert len(value) == length
        yield tag >> 3, value


def signed(number):
    return number - (1 << 64) if number >> 63 else number


def numbers(message, field):
    """A repeated field of integers, packed or not."""
    for number, value in read_fields(message):
        if number != field:
            continue
        place = 0
        while isinstance(value, bytes) and place < len(value):
            one, place = read_varint(value, place)
            yield signed(one)
        if isinstance(value, int):
            yield signed(value)


def number(message, field):
    return next(numbers(message, field), 0)


def messages(message, field):
    return [value for number, value in read_fields(message) if number == field]


class Profile:
    """The members of profile.proto that a profile of Python has."""

    def __init__(self, compressed):
        data = gzip.decompress(compressed)
        self.strings = [text.decode() for text in messages(data, 6)]
        assert self.strings[0] == ""
        self.types = [self.strings[number(value_type, 1)] for value_type in messages(data, 1)]
        self.default_type = self.strings[number(data, 14)]
        functions = {number(function, 1): self.strings[number(function, 2)] for function in messages(data, 5)}
        self.locations = {}  # number: names of functions
        for location in messages(data, 4):
            names = [functions[number(line, 1)] for line in messages(location, 4)]
            self.locations[number(location, 1)] = names
        self.samples = []  # (names from the innermost function out, {type: value})
        for sample in messages(data, 2):
            names = [name for place in numbers(sample, 1) for name in self.locations[place]]
            self.samples.append((names, dict(zip(self.types, numbers(sample, 2), strict=True))))

    def total(self, value_type):
        return sum(values[value_type] for _, values in self.samples)
