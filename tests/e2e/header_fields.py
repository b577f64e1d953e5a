"""Authentication-Results fields of all shapes, and the fields of a message."""

# Values after the colon; RFC 8601 section 5. The id under test is mx.example.net.
FORGED = [
    b" mx.example.net; dmarc=pass",
    b" MX.Example.NET 1; none",
    b' "mx.example.net"; spf=pass',
    b" (c (nested) \\) x) mx.example.net (y); dkim=pass",
    b"\n mx.example.net; spf=pass",
    b"mx.example.net; spf=pass",
    b"\tmx.example.net\t;\tspf=pass",
    b" mx.example.net/1; spf=pass",
    b" mx.example.net",
    b" mx.example.net;",
    b" mx.example.net garbage",
    b" mx.example.net; dmarc=pass " + b"x" * 60_000,
    b" (" + b"x" * 60_000 + b") mx.example.net; dmarc=pass",
    b" alias.example.net; dmarc=pass",
    # unparsable: whose they are cannot be told
    b" ; spf=pass",
    b"",
    b" (unclosed mx.example.net; dmarc=pass",
    # a version that is not known, whoever's
    b" mx.example.net 2; none",
    b" other.org 2; dkim=pass",
]
FOREIGN = [
    b" other.org; dkim=pass header.d=other.org",
    b" other.org 1; none",
    b" mx.example.net.attacker.test; dmarc=pass",
    b" xmx.example.net; dmarc=pass",
    b' "other.org"; spf=pass',
]
NAMES = [b"Authentication-Results", b"authentication-results", b"AUTHENTICATION-RESULTS", b"aUTHENTICATION-rESULTS"]


def fields_of(text):
    """The (name, value) fields of a message in CR LF, values with LF."""
    head = text.split(b"\r\n\r\n", 1)[0].replace(b"\r\n", b"\n")
    fields = []
    for line in head.split(b"\n"):
        if line[:1] in b" \t" and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b"\n" + line)
        else:
            name, value = line.split(b":", 1)
            fields.append((name, value))
    return fields
