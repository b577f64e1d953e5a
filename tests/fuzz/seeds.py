#!/usr/bin/python3
"""Writes the inputs that fuzzing begins with, a folder for each harness: seeds.py FOLDER

All are made from this repository: the messages and zones of tests/vectors, the configuration files, the texts between quotes in
the unit tests of each parser, and DNS messages of our own making. With ASSAY_BIN (the folder with assayd and assay-mta) the
decision records of the sample messages are among them."""

import argparse
import hashlib
import json
import os
import pathlib
import re
import sys

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import dns.zone

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests/vectors"
TESTS = ROOT / "tests"
# Longer ones slow fuzzing down; what needs more octets is in the unit tests.
MOST_OCTETS = 8192

# The unit tests whose quoted texts are inputs of a harness.
QUOTED = {
    "address": ["verify/message/address_test.cpp", "verify/message/author_test.cpp"],
    "arc_set": ["verify/arc/set_test.cpp"],
    "authres": ["verify/authres/parse_test.cpp", "verify/authres/remove_test.cpp", "verify/authres/format_test.cpp"],
    "base": ["verify/base/base64_test.cpp", "verify/base/escape_test.cpp", "verify/base/ip_address_test.cpp",
             "resolver/settings_test.cpp", "resolver/unbound_config_test.cpp"],
    "body": ["verify/message/body_test.cpp"],
    "config": ["config/load_test.cpp", "config/rules_test.cpp", "config/checks_test.cpp", "config/robustness_test.cpp",
               "config/problems_test.cpp", "config/to_yaml_test.cpp"],
    "dkim_key": ["verify/dkim/key_test.cpp"],
    "dkim_signature": ["verify/dkim/signature_test.cpp", "verify/dkim/header_hash_test.cpp"],
    "dmarc_record": ["verify/dmarc/record_test.cpp", "verify/dmarc/evaluate_test.cpp"],
    "domain": ["verify/base/domain_test.cpp"],
    "header": ["verify/message/split_test.cpp", "verify/message/canonical_test.cpp", "verify/message/header_block_test.cpp"],
    "migrate": ["config/migrate_test.cpp"],
    "record": ["observe/record_reader_test.cpp", "observe/record_test.cpp"],
    "smtp_path": ["verify/message/smtp_path_test.cpp"],
    "spf_macro": ["verify/spf/macro_test.cpp"],
    "spf_record": ["verify/spf/record_test.cpp"],
    "tag_list": ["verify/dkim/tag_list_test.cpp", "verify/dkim/key_test.cpp"],
    "zone_file": ["resolver/zone_file_test.cpp"],
}
# What a harness wants in front of such a text.
BEFORE = {"body": b"\x07\x80"}

ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"v": b"\v", b"f": b"\f", b"a": b"\a", b"b": b"\b"}


def unescape(text):
    def one(match):
        octets = match.group(1)
        if octets[:1] == b"x":
            return bytes([int(octets[1:], 16) & 255])
        if octets[:1] in b"uU" and len(octets) > 1:
            return chr(int(octets[1:], 16)).encode("utf-8", "surrogatepass")
        if octets[:1].isdigit() and octets != b"0":
            return bytes([int(octets, 8) & 255])
        return ESCAPES.get(octets, octets)

    return re.sub(rb"\\(x[0-9A-Fa-f]+|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)", one, text, flags=re.DOTALL)


def quoted_texts(path):
    """The string literals of a C++ source, neighbours joined."""
    source = path.read_bytes()
    for match in re.finditer(rb'R"(\w*)\((.*?)\)\1"', source, re.DOTALL):
        yield match.group(2)
    source = re.sub(rb'R"(\w*)\((.*?)\)\1"', b"", source, flags=re.DOTALL)
    source = b"\n".join(line for line in source.split(b"\n") if not re.match(rb"\s*(#|//)", line))
    literal = rb'"((?:[^"\\\n]|\\.)*)"'
    for match in re.finditer(rb"(?:" + literal + rb"\s*)+", source):
        yield b"".join(unescape(part) for part in re.findall(literal, match.group(0)))


class Zone:
    """Records by owner, in the notation of fuzzed_dns.h."""

    def __init__(self):
        self.lines = []  # (owner, line)

    def add(self, owner, kind, data):
        owner = owner.rstrip(".").lower()
        self.lines.append((owner, f"{owner} {kind} ".encode() + data))

    def read_zone_file(self, path):
        zone = dns.zone.from_file(str(path), origin=".", relativize=False, check_origin=False)
        for name, ttl, data in zone.iterate_rdatas():
            kind = dns.rdatatype.to_text(data.rdtype)
            if kind == "TXT":
                octets = b"".join(data.strings).replace(b"\n", b"\\n").replace(b"\0", b"\\0")
            else:
                octets = data.to_text().lower().encode()
                octets = octets[:-1] if octets.endswith(b".") and kind != "AAAA" else octets
            self.add(name.to_text(), kind, octets)
        return self

    def read_fake_zone(self, text):
        """The notation of tests/support/fake_resolver.h."""
        for line in text.split("\n"):
            words = line.split(None, 2)
            if len(words) < 3 or words[0].startswith(("#", ";", "$")):
                continue
            name, kind, data = words
            octets = data.strip().encode()
            if octets in (b"!TEMPFAIL", b"!BOGUS"):
                octets = b"!t" if octets == b"!TEMPFAIL" else b"!b"
            elif kind == "TXT":
                octets = b"".join(unescape(part) for part in re.findall(rb'"((?:[^"\\]|\\.)*)"', octets))
                octets = octets.replace(b"\n", b"\\n").replace(b"\0", b"\\0")
            for each in (["A", "AAAA", "MX", "TXT", "PTR"] if kind == "*" else [kind]):
                self.add(name, each, octets)
        return self

    def about(self, octets):
        """The lines whose owner, or one that it is below, the text names; and what these lead to."""
        text = octets.lower()
        wanted = []
        for owner, line in self.lines:
            labels = owner.split(".")
            domain = ".".join(labels[-3:] if labels[-2:-1] == ["example"] else labels[-2:])
            selector = owner.split("._domainkey.")[0] if "._domainkey." in owner else ""
            if domain.encode() in text and (not selector or selector.encode() in text):
                wanted.append(line)
        return b"\n".join(wanted)


class Writer:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def add(self, harness, octets):
        if len(octets) > MOST_OCTETS:
            return
        folder = self.folder / harness
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / hashlib.sha1(octets).hexdigest()
        self.count += not path.exists()
        path.write_bytes(octets)


def fields_of(message, name):
    header = message.replace(b"\r\n", b"\n").split(b"\n\n")[0]
    for field in re.split(rb"\n(?![ \t])", header):
        if field.lower().startswith(name.lower() + b":"):
            yield field[len(name) + 1:].replace(b"\n", b"\r\n")


def write_messages(writer):
    """The vectors as whole messages, and the fields and bodies of them."""
    dkim_zone = Zone().read_fake_zone((VECTORS / "dkim/zone").read_text())
    entries = [({"client_ip": "", "helo": "", "mail_from": "-"}, VECTORS / "dkim" / (entry["name"] + ".eml"), dkim_zone)
               for entry in json.loads((VECTORS / "dkim/vectors.json").read_text())]
    for folder, names in (("samples", "samples.json"), ("attacks", "attacks.json")):
        zone = Zone().read_zone_file(VECTORS / folder / "zone")
        entries += [(entry, VECTORS / folder / entry["file"], zone)
                    for entry in json.loads((VECTORS / folder / names).read_text())]
    for number, (entry, path, zone) in enumerate(entries):
        octets = path.read_bytes()
        helo, mail_from = entry["helo"].encode(), entry["mail_from"].encode()
        path_text = mail_from if mail_from == b"-" else b"<" + mail_from + b">"
        reverse = b""
        if entry["client_ip"].count(".") == 3:
            reverse = b".".join(reversed(entry["client_ip"].encode().split(b".")))
            reverse += b".in-addr.arpa PTR " + (helo or b"x.example") + b"\n"
        lines = reverse + zone.about(octets + helo + mail_from)
        envelope = entry["client_ip"].encode() + b"\0" + helo + b"\0" + path_text + b"\0"
        mask = bytes([number * 37 % 256, number * 101 % 256])
        writer.add("message", bytes([number % 64 + 1]) + mask + lines + b"\0" + envelope + octets)
        writer.add("spf_check", mask + envelope + lines)
        # Too long to be a seed, too good to be left out: without the keys.
        short = b"\n".join(line for line in lines.split(b"\n") if b"._domainkey." not in line)
        writer.add("message", bytes([number % 64 + 1]) + mask + short + b"\0" + envelope + octets)
        header, _, body = octets.replace(b"\r\n", b"\n").partition(b"\n\n")
        writer.add("header", octets[:2000])
        writer.add("body", bytes([number % 64, number * 7 % 256]) + body.replace(b"\n", b"\r\n")[:1000])
        authors = [value.strip() for value in fields_of(octets, b"From")]
        for value in fields_of(octets, b"From"):
            writer.add("address", value)
        for value in fields_of(octets, b"DKIM-Signature"):
            writer.add("dkim_signature", value)
            writer.add("tag_list", value)
        for value in fields_of(octets, b"Authentication-Results"):
            writer.add("authres", value)
        chain = [field for field in re.split(rb"\n(?![ \t])", header) if field.lower().startswith(b"arc-")]
        if chain:
            writer.add("arc_set", b"\r\n".join(field.replace(b"\n", b"\r\n") for field in chain) + b"\r\n\r\n")
        for field in chain[:3]:
            writer.add("arc_set", field.replace(b"\n", b"\r\n"))
        for author in authors:
            domain = author.rstrip(b">").rpartition(b"@")[2]
            signers = b" ".join(re.findall(rb"[ ;\t]d=([^; \r\n]+)", header))
            sender = mail_from.rpartition(b"@")[2]
            writer.add("dmarc_check", b"\0".join([mask + domain, sender, signers, short]))
            writer.add("domain", domain + b"\0" + mail_from.rpartition(b"@")[2])
        writer.add("smtp_path", path_text + b"\0" + mail_from)
    for folder in ("samples", "attacks"):
        writer.add("zone_file", (VECTORS / folder / "zone").read_bytes()[:4000].rpartition(b"\n")[0] + b"\n")
    for owner, line in dkim_zone.lines:
        text = line.split(b" ", 2)[2]
        if "._domainkey" in owner:
            writer.add("dkim_key", text)
            writer.add("tag_list", text)


def write_quoted(writer):
    for harness, files in QUOTED.items():
        for file in files:
            path = TESTS / file
            if not path.exists():
                continue
            for text in quoted_texts(path):
                writer.add(harness, BEFORE.get(harness, b"") + text)
                if harness == "migrate":
                    for peer in range(5):
                        writer.add(harness, bytes([peer]) + text)
    for name in ("evaluate", "include", "limits", "macro", "explanation", "trace"):
        path = TESTS / f"verify/spf/{name}_test.cpp"
        for text in quoted_texts(path) if path.exists() else ():
            zone = Zone().read_fake_zone(text.decode("utf-8", "replace"))
            if zone.lines:
                lines = b"\n".join(line for _, line in zone.lines)
                domain = zone.lines[0][0].encode()
                writer.add("spf_check", b"\x12\x48192.0.2.1\0helo.example.net\0<user@" + domain + b">\0" + lines)
                writer.add("spf_check", b"\x00\x412001:db8::1\0" + domain + b"\0<>\0" + lines)
    for name in ("evaluate", "tree_walk", "authors", "rfc7489"):
        for text in quoted_texts(TESTS / f"verify/dmarc/{name}_test.cpp"):
            zone = Zone().read_fake_zone(text.decode("utf-8", "replace"))
            if zone.lines:
                lines = b"\n".join(line for _, line in zone.lines)
                domain = zone.lines[0][0].removeprefix("_dmarc.").encode()
                signers = b"other.example a." + domain
                writer.add("dmarc_check", b"\0".join([b"\x00\x41mail." + domain, domain, signers, lines]))
                writer.add("dmarc_check", b"\x81\x10" + domain + b"\0\0\0" + lines)
    # Records that lead to one another by whatever name.
    for lines in (b"* TXT v=spf1 include:a.%{d} -all", 
                  b"* TXT v=spf1 mx a exists:%{ir}.%{v}.x -all\n* MX 10 mx.example\n* A 192.0.2.9",
                  b"* TXT v=spf1 redirect=b.%{d}\n* TXT v=spf1 -all exp=e.%{o}\n* TXT %{i} is not %{c}\\n",
                  b"* TXT v=spf1 ptr -all\n* PTR a.example.com\n* A 192.0.2.1",
                  b"example.com CNAME b.example\n* CNAME example.com"):
        writer.add("spf_check", b"\x10\x02192.0.2.1\0h.example\0<a@example.com>\0" + lines)
    for lines in (b"* TXT v=DMARC1; p=reject", b"* TXT v=DMARC1; p=none; psd=y; np=reject\n* A !x\n* AAAA !x\n* MX !x",
                  b"* TXT v=DMARC1; sp=quarantine; t=y; adkim=s; aspf=s"):
        writer.add("dmarc_check", b"\x10\x02a.b.example.com\0b.example.com\0example.com\0" + lines)


def write_configurations(writer):
    writer.add("config", (ROOT / "config/assay.yaml").read_bytes()[:MOST_OCTETS].rpartition(b"\n")[0])
    # Without the comments it is short.
    lines = [line for line in (ROOT / "config/assay.yaml").read_text().split("\n") if not line.lstrip().startswith("#")]
    writer.add("config", "\n".join(lines).encode())
    for page in sorted((ROOT / "docs").glob("*.md")) + [ROOT / "README.md"]:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            writer.add("config", block.encode())
            writer.add("config", block.encode() + b"\0*.example.com\nexample.org\n192.0.2.0/24\n")


def write_answers(writer):
    """DNS messages of each type, with what an answer may hold besides."""
    cases = {
        "A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1", "::ffff:192.0.2.1"], "MX": ["10 mx.example.com.", "0 ."],
        "TXT": ['"v=spf1 -all"', '"a" "b"', '""'], "PTR": ["a.example.com."],
    }
    for kind, data in cases.items():
        question = dns.message.make_query("www.example.com.", kind)
        for steps in (0, 1, 3):
            for status in (0, 2, 3):
                answer = dns.message.make_response(question)
                answer.flags |= dns.flags.RA
                answer.set_rcode(status)
                owner = "www.example.com."
                for step in range(steps):
                    answer.answer.append(dns.rrset.from_text(owner, 300, "IN", "CNAME", f"c{step}.example.com."))
                    owner = f"c{step}.example.com."
                if status == 0:
                    answer.answer.append(dns.rrset.from_text(owner, 300, "IN", kind, *data))
                else:
                    soa = "ns.example.com. root.example.com. 1 2 3 4 60"
                    answer.authority.append(dns.rrset.from_text("example.com.", 900, "IN", "SOA", soa))
                writer.add("answer", answer.to_wire())
        answer = dns.message.make_response(question)
        answer.answer.append(dns.rrset.from_text("www.example.com.", 300, "IN", "CNAME", "www.example.com."))
        answer.use_edns(0, payload=1232)
        writer.add("answer", answer.to_wire())


def write_records(writer):
    """The decision records of the samples, as assayd logs them."""
    if "ASSAY_BIN" not in os.environ:
        print("without ASSAY_BIN: no decision records of the samples", file=sys.stderr)
        return
    sys.path.insert(0, str(TESTS / "e2e"))
    import daemon
    import samples
    with daemon.Daemon() as served:
        for entry in samples.load():
            samples.send(daemon.BIN / "assay-mta", served.socket, entry)
        for line in served.log_text().splitlines():
            writer.add("record", line.encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    writer = Writer(parser.parse_args().folder)
    write_messages(writer)
    write_quoted(writer)
    write_configurations(writer)
    write_answers(writer)
    write_records(writer)
    print(f"{writer.count} inputs")


if __name__ == "__main__":
    main()
