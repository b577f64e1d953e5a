"""Clients whose addresses an MTA sees for itself: those of 127.0.0.0/8, from which anybody on a host may connect. address() and
zone() put 127 for the first number of every documentation address (RFC 5737), in clients and in DNS alike."""

import pathlib
import re
import tempfile

import samples


def address(documented):
    """The address that stands for a documentation address."""
    return re.sub(r"^\d+", "127", documented)


def zone(text):
    """Zone data for the clients that address() gives."""
    text = re.sub(r"\b(?:192(?=\.0\.2\.)|198(?=\.51\.100\.)|203(?=\.0\.113\.))", "127", text)
    return re.sub(r"(\.(?:2\.0|100\.51|113\.0)\.)(?:192|198|203)(?=\.in-addr\.arpa\b)", r"\g<1>127", text)


def zone_file(case, path=samples.ZONE):
    """The zone of a file, so translated, in a file that lasts as long as a test class."""
    folder = tempfile.TemporaryDirectory(prefix="assay-zone-")
    case.addClassCleanup(folder.cleanup)
    translated = pathlib.Path(folder.name) / "zone"
    translated.write_text(zone(path.read_text(encoding="ascii")), encoding="ascii")
    return translated
