"""A message as a mailbox got it."""


def parse(text):
    """The (name, value) fields and the body of a message in a mailbox."""
    head, _, body = text.partition(b"\n\n")
    fields = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b"\n" + line)
        else:
            name, _, value = line.partition(b":")
            fields.append((name, value))
    return fields, body


class Delivered:
    """A message from the mailbox."""

    def __init__(self, text):
        self.fields, self.body = parse(text)

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower().encode()]

    def names(self):
        return [field.lower() for field, _ in self.fields]

    @property
    def stamp(self):
        """Our Authentication-Results on one line, comments and all."""
        return b" ".join(self.all("Authentication-Results")[0].split()).decode()
