"""A message as a list of fields and a body, and the readings of it that the generator and the classifier share."""
from __future__ import annotations

import dataclasses
import re


@dataclasses.dataclass
class Field:
    name: bytes
    value: bytes  # behind the colon, folds as CRLF, without the last CRLF

    def raw(self) -> bytes:
        return self.name + b":" + self.value

    def is_named(self, *names: bytes) -> bool:
        return self.name.strip().lower() in names


@dataclasses.dataclass
class Message:
    fields: list[Field]
    body: bytes

    def octets(self) -> bytes:
        return b"".join(field.raw() + b"\r\n" for field in self.fields) + b"\r\n" + self.body

    def copy(self) -> Message:
        return Message([Field(field.name, field.value) for field in self.fields], self.body)

    def named(self, *names: bytes) -> list[Field]:
        return [field for field in self.fields if field.is_named(*names)]


def parse_fields(octets: bytes) -> list[Field]:
    """Fields out of text with CRLF line ends, such as signers give."""
    fields: list[Field] = []
    for line in octets.rstrip(b"\r\n").split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1].value += b"\r\n" + line
        else:
            name, _, value = line.partition(b":")
            fields.append(Field(name, value))
    return fields


def tags(value: bytes) -> list[tuple[str, str]]:
    """A lenient reading of a tag-list: names and values with the white space around them taken off."""
    pairs = []
    for part in value.decode("latin-1").split(";"):
        name, equals, content = part.partition("=")
        pairs.append((name.strip(" \t\r\n"), content.strip(" \t\r\n") if equals else None))
    return pairs


def tag(value: bytes, name: str, default: str | None = None) -> str | None:
    return next((content for key, content in tags(value) if key == name), default)


def without_space(text: str) -> str:
    return re.sub(r"[ \t\r\n]+", "", text)


def names_in_h(value: bytes) -> list[str]:
    return [name.strip(" \t\r\n").lower() for name in (tag(value, "h") or "").split(":")]
