#!/usr/bin/python3
"""Makes the messages and the zone of the example configurations (config/examples/messages).

Signatures are dkimpy's, with the test keys of tests/vectors/samples; time stamps are fixed. The same files come out each
time.

    make_examples.py            writes them
    make_examples.py --check    writes nothing; exit status 1 if a committed file differs
"""

import pathlib
import sys
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parents[2] / "config/examples/messages"
sys.path.insert(0, str(HERE.parent / "samples"))
import make as samples  # noqa: E402  pylint: disable=wrong-import-position

PARTNER_IP = "192.0.2.17"  # of the partner's provider
LIST_IP = "192.0.2.20"
BRANCH_IP = "192.0.2.66"  # of our own branch office
ALUMNI_IP = "192.0.2.40"  # a forwarder

DISCLAIMER = "-- \r\nThis message is confidential.\r\n"
FOOTER = "_______________________________________________\r\nassayers mailing list\r\n"


def txt(name, value):
    return samples.txt(name, value)


def zone():
    author = "v=DKIM1; k=rsa; p=" + samples.public_rsa(samples.RSA_AUTHOR)
    sealer = "v=DKIM1; k=rsa; p=" + samples.public_rsa(samples.RSA_SEALER)
    return "\n".join([
        "; The DNS that the example messages need; made by tests/vectors/examples/make_examples.py.",
        "$TTL 300",
        "$ORIGIN .",
        "; example.com, the partner: signs, and asks that forgeries be refused.",
        "example.com. A 203.0.113.10",
        txt("example.com", "v=spf1 ip4:203.0.113.10 -all"),
        txt("s1._domainkey.example.com", author),
        txt("_dmarc.example.com", "v=DMARC1; p=reject"),
        "; Its provider, which sends the invoices.",
        f"example-com.mailer.example.org. A {PARTNER_IP}",
        txt("example-com.mailer.example.org", "v=spf1 ip4:192.0.2.16/28 -all"),
        "; example.net, us: asks for no more than reports.",
        f"example.net. A {BRANCH_IP}",
        txt("example.net", "v=spf1 ip4:192.0.2.64/28 -all"),
        txt("s1._domainkey.example.net", author),
        txt("_dmarc.example.net", "v=DMARC1; p=none"),
        "; example.org: SPF, but neither DKIM nor DMARC.",
        "example.org. A 203.0.113.40",
        txt("example.org", "v=spf1 ip4:203.0.113.40 -all"),
        "; A mailing list and a relay that seal.",
        f"lists.example.org. A {LIST_IP}",
        txt("lists.example.org", f"v=spf1 ip4:{LIST_IP} -all"),
        txt("arc._domainkey.lists.example.org", sealer),
        "relay.example.org. A 203.0.113.30",
        txt("relay.example.org", "v=spf1 ip4:203.0.113.30 -all"),
        txt("arc._domainkey.relay.example.org", sealer),
    ]) + "\n"


def partner(files):
    invoice = samples.message("Billing <billing@example.com>", name="partner-invoice", subject="Invoice 2024-17")
    # The provider appends its disclaimer to what was signed.
    files["partner-invoice.eml"] = samples.sign(invoice, "example.com") + DISCLAIMER.encode()
    files["partner-forged.eml"] = samples.message("Billing <billing@example.com>", name="partner-forged",
                                                  subject="Our new bank account")


def own_domain(files):
    files["own-forged.eml"] = samples.message("The Director <director@example.net>", name="own-forged", subject="Urgent transfer")
    files["own-branch.eml"] = samples.message("Branch office <branch@example.net>", name="own-branch")
    files["own-newsletter.eml"] = samples.sign(
        samples.message("News <news@example.net>", name="own-newsletter", subject="Our news"), "example.net")


def mailing_list(files):
    def post(name, sender, sealer, results, *, signed):
        text = samples.message(sender, name=name)
        text = samples.sign(text, "example.com") if signed else text
        text = b"List-Id: Assayers <assayers.lists.example.org>\r\n" + text.replace(b"Subject: ", b"Subject: [assayers] ")
        files[name + ".eml"] = samples.seal(text + FOOTER.encode(), sealer, results=results, chain="none")

    alice = "Alice <alice@example.com>"
    good = "spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com; dmarc=pass header.from=example.com"
    bad = "spf=fail smtp.mailfrom=example.com; dmarc=fail header.from=example.com"
    post("list-post", alice, "lists.example.org", good, signed=True)
    post("list-stranger", alice, "relay.example.org", good, signed=True)
    post("list-forged", alice, "lists.example.org", bad, signed=False)


def strict_rule(files):
    sender = "Carol <carol@example.org>"
    for name in ("strict-forged", "strict-forwarded", "strict-genuine"):
        files[name + ".eml"] = samples.message(sender, name=name, subject="Hello")


def outputs():
    files = {"zone": zone().encode()}
    with mock.patch("time.time", return_value=float(samples.SIGNED_AT)):
        for situation in (partner, own_domain, mailing_list, strict_rule):
            situation(files)
    return files


def main():
    files = outputs()
    if sys.argv[1:] == ["--check"]:
        different = [name for name, octets in files.items()
                     if not (FOLDER / name).exists() or (FOLDER / name).read_bytes() != octets]
        different += [path.name for path in FOLDER.iterdir() if path.name not in files]
        for name in different:
            print(f"{name}: differs from what make_examples.py makes")
        print(f"{len(files)} files, {len(different)} not as made")
        return 1 if different else 0
    for name, octets in files.items():
        (FOLDER / name).write_bytes(octets)
    print(f"{len(files)} files written to {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
