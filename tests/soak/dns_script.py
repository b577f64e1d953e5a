"""All DNS there is during a soak, as the script of the faulty DNS server (tests/support/faulty_dns.h), and what goes wrong with it."""

import dns.rdatatype
import dns.zone

# So short that names are asked again all the time, and a fault meets questions.
TTL = 10

# For every name; the second word tells whether the answer may be missed. What is harmless must not change a single result.
FAULTS = {
    "silence": ("* ! SILENCE", True),
    "servfail": ("* ! SERVFAIL", True),
    "refused": ("* ! REFUSED", True),
    "garbage": ("* ! GARBAGE", True),
    "another name": ("* ! OTHERNAME", True),
    "wrong id alone": ("* ! WRONGID SILENCE", True),
    "slow": ("* ! DELAY 200", False),
    "wrong id first": ("* ! WRONGID", False),
    "truncated": ("* ! TRUNCATE", False),
}


def script_of(*zones):
    """The records of zone files as lines of a script. Only the first zone may have an SOA record."""
    lines = {}  # The files may say the same twice.
    for path in zones:
        zone = dns.zone.from_file(str(path), origin=".", relativize=False, check_origin=False)
        for name, _, data in zone.iterate_rdatas():
            if data.rdtype == dns.rdatatype.NS:
                continue
            if data.rdtype == dns.rdatatype.SOA:
                lines[f"{name} {TTL} SOA {TTL}"] = None
            elif data.rdtype == dns.rdatatype.CNAME:
                lines[f"{name} {TTL} CNAME {data.target}"] = None
            else:
                lines[f"{name} {TTL} TYPE{data.rdtype} {data.to_wire().hex()}"] = None
    return "\n".join(lines)
