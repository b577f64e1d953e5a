#!/usr/bin/python3
"""Makes the sample messages, their DNS zone and the index of what is expected of them.

The signatures are dkimpy's (Debian: python3-dkim), so that what assay verifies was not signed by assay. Keys are test keys,
time stamps are fixed and both algorithms are deterministic: the same files come out each time.

    make.py            writes them
    make.py --check    writes nothing; exit status 1 if a committed file differs

The expected results follow from the RFCs named beside each sample and from assay's default policy.
"""

import base64
import json
import pathlib
import subprocess
import sys
from unittest import mock

import dkim
import nacl.signing

HERE = pathlib.Path(__file__).resolve().parent
SIGNED_AT = 1704067200  # 2024-01-01T00:00:00Z

RSA_AUTHOR = (HERE / "keys/rsa-author.pem").read_bytes()
RSA_SEALER = (HERE / "keys/rsa-sealer.pem").read_bytes()
ED25519_AUTHOR = (HERE / "keys/ed25519-author.txt").read_bytes().strip()

AUTHOR_IP = "192.0.2.10"  # sends for the author domains by SPF
OTHER_IP = "198.51.100.7"  # sends for nobody
LIST_IP = "192.0.2.20"  # sends for lists.example.org
RELAY_IP = "192.0.2.30"  # sends for relay.example.net

BODY = "Dear colleagues,\r\n\r\nthe assay of the silver bars is done. All of them are 925.\r\n\r\n-- \r\nThe office\r\n"
FOOTER = "_______________________________________________\r\nassayers mailing list\r\nhttps://lists.example.org/assayers\r\n"
SIGNED = [b"from", b"to", b"subject", b"date", b"message-id"]


# ---- messages and signatures --------------------------------------------------------------------------------------


def message(sender, *, name, subject="Results of the assay", extra=(), body=BODY):
    """A message in CR LF; `sender` is the value of From, None for no From field."""
    fields = [] if sender is None else [f"From: {sender}"]
    fields += [
        "To: Postmaster <postmaster@example.net>",
        f"Subject: {subject}",
        "Date: Mon, 1 Jan 2024 00:00:00 +0000",
        f"Message-ID: <{name}@samples.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        *extra,
    ]
    return ("\r\n".join(fields) + "\r\n\r\n" + body).encode("utf-8")


class Signer(dkim.DKIM):
    """dkimpy with further tags, which it has no argument for."""

    more_tags = ()

    def gen_header(self, fields, *args, **kwargs):
        fields[-2:-2] = self.more_tags  # before bh= and b=, which it expects to be last
        return super().gen_header(fields, *args, **kwargs)


def sign(text, domain, *, selector="s1", algorithm="rsa-sha256", canon=("relaxed", "relaxed"), length=False, tags=(),
         headers=None):
    """`text` with a DKIM-Signature on top."""
    key = ED25519_AUTHOR if algorithm == "ed25519-sha256" else RSA_AUTHOR
    signer = Signer(text, signature_algorithm=algorithm.encode())
    signer.more_tags = tags
    field = signer.sign(selector.encode(), domain.encode(), key, canonicalize=tuple(c.encode() for c in canon),
                        include_headers=headers or SIGNED, length=length)
    return field + text


def seal(text, domain, *, results, chain):
    """`text` with the set that an intermediary seals after it found `results`; `chain` is the arc result it found."""
    stamped = f"Authentication-Results: {domain}; {results}; arc={chain}\r\n".encode() + text
    fields = dkim.arc_sign(stamped, b"arc", domain.encode(), RSA_SEALER, domain.encode(), include_headers=SIGNED,
                           timestamp=SIGNED_AT)
    if len(fields) != 3:
        raise SystemExit(f"dkimpy did not seal for {domain}")
    return b"".join(fields) + text


def public_rsa(key):
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=key, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    return base64.b64encode(der).decode()


def public_ed25519(seed):
    return base64.b64encode(bytes(nacl.signing.SigningKey(base64.b64decode(seed)).verify_key)).decode()


# ---- the zone -----------------------------------------------------------------------------------------------------


def txt(name, value):
    strings = [value[i:i + 200] for i in range(0, len(value), 200)]
    return f"{name}. TXT " + " ".join(f'"{part}"' for part in strings)


def author_domain(name, dmarc, *, keys=True):
    """The records of a domain that signs with selectors s1 and s2 and sends from AUTHOR_IP."""
    lines = [
        f"{name}. A {AUTHOR_IP}",
        f"{name}. MX 10 mail.{name}.",
        f"mail.{name}. A {AUTHOR_IP}",
        txt(name, f"v=spf1 ip4:{AUTHOR_IP} -all"),
        txt(f"mail.{name}", f"v=spf1 ip4:{AUTHOR_IP} -all"),
    ]
    if keys:
        lines.append(txt(f"s1._domainkey.{name}", "v=DKIM1; k=rsa; p=" + public_rsa(RSA_AUTHOR)))
        lines.append(txt(f"s2._domainkey.{name}", "v=DKIM1; k=ed25519; p=" + public_ed25519(ED25519_AUTHOR)))
    if dmarc:
        lines.append(txt(f"_dmarc.{name}", dmarc))
    return lines


def zone():
    sealer = "v=DKIM1; k=rsa; p=" + public_rsa(RSA_SEALER)
    lines = [
        "; The DNS that the sample messages need; made by make.py.",
        "$TTL 300",
        "$ORIGIN .",
    ]
    for name, dmarc in [
        ("reject.example", "v=DMARC1; p=reject; rua=mailto:dmarc@reject.example"),
        ("quarantine.example", "v=DMARC1; p=quarantine"),
        ("monitor.example", "v=DMARC1; p=none; rua=mailto:dmarc@monitor.example"),
        ("testing.example", "v=DMARC1; p=reject; t=y"),
        ("parent.example", "v=DMARC1; p=none; sp=quarantine; np=reject"),
        ("xn--bcher-kva.example", "v=DMARC1; p=reject"),
        ("strict.example", "v=DMARC1; p=reject; adkim=s; aspf=s"),
    ]:
        lines += author_domain(name, dmarc)
    lines += [
        f"news.parent.example. A {AUTHOR_IP}",
        f"plain.example. A {OTHER_IP}",
        txt("lists.example.org", f"v=spf1 ip4:{LIST_IP} -all"),
        f"lists.example.org. A {LIST_IP}",
        txt("arc._domainkey.lists.example.org", sealer),
        txt("relay.example.net", f"v=spf1 ip4:{RELAY_IP} -all"),
        f"relay.example.net. A {RELAY_IP}",
        txt("arc._domainkey.relay.example.net", sealer),
        txt("arc._domainkey.stranger.example", sealer),
        "10.2.0.192.in-addr.arpa. PTR mail.reject.example.",
        "20.2.0.192.in-addr.arpa. PTR lists.example.org.",
        "30.2.0.192.in-addr.arpa. PTR relay.example.net.",
    ]
    return "\n".join(lines) + "\n"


# ---- the samples --------------------------------------------------------------------------------------------------

AUTHOR = "The Office <office@{}>"
SAMPLES = []


def sample(name, what, text, *, ip, mail_from, helo, expect, mail_args=(), folder=""):
    """Adds a sample. `expect`: spf (of MAIL FROM), dkim (top first), dmarc, policy (policy.dmarc), arc, action, code (of the
    SMTP reply), quarantine (how), indirect (the evidence found)."""
    expected = {"spf": "none", "dkim": [], "dmarc": "none", "policy": None, "arc": "none", "action": "accept", "code": None,
                "quarantine": None, "indirect": []}
    unknown = set(expect) - set(expected)
    if unknown:
        raise SystemExit(f"{name}: {unknown}")
    SAMPLES.append(({"name": name, "file": folder + name + ".eml", "what": what, "client_ip": ip, "helo": helo,
                     "mail_from": mail_from, "mail_args": list(mail_args), "rcpt": ["postmaster@example.net"],
                     "expect": {**expected, **expect}}, text))


def from_author(name, what, text, domain, expect, *, ip=AUTHOR_IP, **more):
    """A sample whose MAIL FROM and HELO are the author domain's; by default so is the client."""
    sample(name, what, text, ip=ip, mail_from=more.pop("mail_from", f"office@{domain}"), helo=f"mail.{domain}", expect=expect,
           **more)


def build_direct():
    base = lambda domain, name, **more: message(AUTHOR.format(domain), name=name, **more)
    reject = {"dmarc": "fail", "policy": "reject", "action": "reject", "code": 550}

    from_author("pass-all", "SPF, an RSA signature and DMARC pass", sign(base("reject.example", "pass-all"), "reject.example"),
                "reject.example", {"spf": "pass", "dkim": ["pass"], "dmarc": "pass", "policy": "reject"})
    from_author("pass-simple", "A signature with simple canonicalization, over folds and blanks",
                sign(base("reject.example", "pass-simple", subject="Results  of\r\n\t the   assay ",
                          body="Line with blanks   \r\n\tand a tab\r\n\r\n\r\n"), "reject.example", canon=("simple", "simple")),
                "reject.example", {"spf": "pass", "dkim": ["pass"], "dmarc": "pass", "policy": "reject"})
    double = sign(sign(base("reject.example", "pass-ed25519-rsa"), "reject.example"), "reject.example", selector="s2",
                  algorithm="ed25519-sha256")
    from_author("pass-ed25519-rsa", "An Ed25519 signature (RFC 8463) above an RSA one", double, "reject.example",
                {"spf": "pass", "dkim": ["pass", "pass"], "dmarc": "pass", "policy": "reject"})
    from_author("pass-dkim-only", "Forwarded: SPF fails, the signature carries DMARC",
                sign(base("reject.example", "pass-dkim-only"), "reject.example"), "reject.example",
                {"spf": "fail", "dkim": ["pass"], "dmarc": "pass", "policy": "reject"}, ip=OTHER_IP)
    from_author("pass-spf-only", "Unsigned: SPF carries DMARC", base("reject.example", "pass-spf-only"), "reject.example",
                {"spf": "pass", "dmarc": "pass", "policy": "reject"})
    from_author("pass-null-sender", "A bounce: with the null sender SPF checks postmaster@HELO (RFC 7208 section 2.4)",
                message("Mail Delivery System <mailer-daemon@reject.example>", name="pass-null-sender",
                        subject="Undelivered Mail Returned to Sender"), "reject.example",
                {"spf": "pass", "dmarc": "pass", "policy": "reject"}, mail_from="")
    from_author("pass-smtputf8", "An author in UTF-8 (RFC 6532); the domain aligns as its A-label",
                sign(message("Büro <büro@bücher.example>", name="pass-smtputf8", subject="Prüfung der Silberbarren"),
                     "xn--bcher-kva.example"), "xn--bcher-kva.example",
                {"spf": "pass", "dkim": ["pass"], "dmarc": "pass", "policy": "reject"}, mail_from="büro@bücher.example",
                mail_args=["SMTPUTF8"])
    from_author("none-unsigned", "No record of any kind", base("plain.example", "none-unsigned"), "plain.example", {}, ip=OTHER_IP)

    from_author("fail-reject", "A forgery under p=reject: refused", base("reject.example", "fail-reject"), "reject.example",
                {"spf": "fail", **reject}, ip=OTHER_IP)
    from_author("fail-quarantine", "A forgery under p=quarantine", base("quarantine.example", "fail-quarantine"),
                "quarantine.example", {"spf": "fail", "dmarc": "fail", "policy": "quarantine", "action": "quarantine",
                                       "quarantine": "header"}, ip=OTHER_IP)
    from_author("fail-none", "A forgery under p=none: delivered", base("monitor.example", "fail-none"), "monitor.example",
                {"spf": "fail", "dmarc": "fail", "policy": "none"}, ip=OTHER_IP)
    from_author("fail-testing", "p=reject with t=y is treated as p=quarantine (RFC 9989 section 4.7)",
                base("testing.example", "fail-testing"), "testing.example",
                {"spf": "fail", "dmarc": "fail", "policy": "quarantine", "action": "quarantine", "quarantine": "header"},
                ip=OTHER_IP)
    sample("fail-subdomain-sp", "sp= applies to a subdomain that exists", base("news.parent.example", "fail-subdomain-sp"),
           ip=OTHER_IP, mail_from="", helo="client.plain.example",
           expect={"dmarc": "fail", "policy": "quarantine", "action": "quarantine", "quarantine": "header"})
    sample("fail-subdomain-np", "np= applies to a subdomain that does not exist",
           base("ghost.parent.example", "fail-subdomain-np"), ip=OTHER_IP, mail_from="", helo="client.plain.example",
           expect=reject)
    from_author("fail-strict", "Strict alignment: SPF and DKIM pass for the parent only",
                sign(message(AUTHOR.format("sub.strict.example"), name="fail-strict"), "strict.example"), "strict.example",
                {"spf": "pass", "dkim": ["pass"], **reject})
    from_author("fail-two-authors", "Two author domains: the one that fails under p=reject decides",
                sign(message("The Office <office@monitor.example>, Other <other@reject.example>", name="fail-two-authors",
                             extra=["Sender: office@monitor.example"]), "monitor.example"), "monitor.example",
                {"spf": "pass", "dkim": ["pass"], **reject})

    tampered = sign(base("monitor.example", "dkim-tampered"), "monitor.example").replace(b"Subject: Results", b"Subject: Re: Results")
    from_author("dkim-tampered", "The subject was changed: the signature fails", tampered, "monitor.example",
                {"spf": "pass", "dkim": ["fail"], "dmarc": "pass", "policy": "none"})
    from_author("dkim-length", "l= leaves text below the signed body: not accepted",
                sign(base("monitor.example", "dkim-length"), "monitor.example", length=True) + b"Buy silver now.\r\n",
                "monitor.example", {"spf": "pass", "dkim": ["policy"], "dmarc": "pass", "policy": "none"})
    from_author("dkim-expired", "x= is past (RFC 6376 section 3.5)",
                sign(base("monitor.example", "dkim-expired"), "monitor.example",
                     tags=((b"x", str(SIGNED_AT + 86400).encode()),)), "monitor.example",
                {"spf": "pass", "dkim": ["permerror"], "dmarc": "pass", "policy": "none"})
    from_author("dkim-no-key", "The selector has no record",
                sign(base("monitor.example", "dkim-no-key"), "monitor.example", selector="missing"), "monitor.example",
                {"spf": "pass", "dkim": ["permerror"], "dmarc": "pass", "policy": "none"})

    # Signed by OpenDKIM: README.md says how.
    from_opendkim = lambda name: (HERE / "opendkim" / (name + ".eml")).read_bytes()
    for name, what in [("opendkim-relaxed", "Signed by OpenDKIM, relaxed/simple, From named twice in h="),
                       ("opendkim-simple", "Signed by OpenDKIM, simple/simple")]:
        from_author(name, what, from_opendkim(name), "reject.example",
                    {"spf": "fail", "dkim": ["pass"], "dmarc": "pass", "policy": "reject"}, ip=OTHER_IP, folder="opendkim/")
    from_author("opendkim-sha1", "Signed by opendkim-testmsg with rsa-sha1, which never passes (RFC 8301 section 3.1)",
                from_opendkim("opendkim-sha1"), "reject.example",
                {"spf": "pass", "dkim": ["permerror"], "dmarc": "pass", "policy": "reject"}, folder="opendkim/")

    bad_from = {"dmarc": "permerror", "action": "reject", "code": 550}
    from_author("from-missing", "No From field", message(None, name="from-missing"), "reject.example",
                {"spf": "pass", **bad_from})
    from_author("from-twice", "Two From fields", base("reject.example", "from-twice", extra=["From: other@plain.example"]),
                "reject.example", {"spf": "pass", **bad_from})

    forged = [
        "Authentication-Results: mx.example.net; dmarc=pass header.from=monitor.example",
        "authentication-results: (x) \"MX.Example.NET\" 1; dkim=pass header.d=monitor.example",
        "Authentication-Results: other.example.org; spf=pass smtp.mailfrom=monitor.example",
        "AUTHENTICATION-RESULTS:\r\n mx.example.net; spf=pass smtp.mailfrom=monitor.example",
    ]
    from_author("forged-results", "Fields that claim to be mx.example.net's own are removed, another host's stays",
                base("monitor.example", "forged-results", extra=forged), "monitor.example",
                {"spf": "fail", "dmarc": "fail", "policy": "none"}, ip=OTHER_IP)


def build_indirect():
    """Honest messages that arrive by way of others, and break there."""
    quarantined = {"dmarc": "fail", "policy": "reject", "action": "quarantine", "quarantine": "header"}
    through_list = dict(ip=LIST_IP, mail_from="assayers-bounces@lists.example.org", helo="lists.example.org")

    footer = sign(message(AUTHOR.format("reject.example"), name="list-footer"), "reject.example") + FOOTER.encode()
    sample("list-footer", "A list added a footer: the header signature still verifies, the body hash does not", footer,
           **through_list, expect={"spf": "pass", "dkim": ["fail"], **quarantined, "indirect": ["signed_headers"]})

    list_id = b"List-Id: Assayers <assayers.lists.example.org>\r\n"
    unsigned = list_id + message(AUTHOR.format("reject.example"), name="list-id") + FOOTER.encode()
    sample("list-id", "Through a list whose own domain passes SPF", unsigned, **through_list,
           expect={"spf": "pass", **quarantined, "indirect": ["list"]})

    first = "spf=pass smtp.mailfrom=reject.example; dkim=pass header.d=reject.example; dmarc=pass header.from=reject.example"
    posted = sign(message(AUTHOR.format("reject.example"), name="arc-two-hops"), "reject.example")
    by_list = seal(posted.replace(b"Subject: ", b"Subject: [assayers] ") + FOOTER.encode(), "lists.example.org", results=first,
                   chain="none")
    by_relay = seal(by_list, "relay.example.net", results="spf=pass smtp.mailfrom=lists.example.org; dmarc=fail header.from=reject.example",
                    chain="pass")
    through_relay = dict(ip=RELAY_IP, mail_from="assayers-bounces@relay.example.net", helo="relay.example.net")
    sample("arc-two-hops", "A list changed subject and body, a relay passed it on, both sealed it", by_relay, **through_relay,
           expect={"spf": "pass", "dkim": ["fail"], "arc": "pass", **quarantined, "indirect": ["arc_origin"]})

    forged = seal(message(AUTHOR.format("reject.example"), name="arc-stranger-first"), "stranger.example", results=first, chain="none")
    by_list = seal(forged.replace(b"Subject: ", b"Subject: [assayers] ") + FOOTER.encode(), "lists.example.org",
                   results="spf=pass smtp.mailfrom=stranger.example; dkim=none; dmarc=fail header.from=reject.example", chain="pass")
    sample("arc-stranger-first", "A forged message whose forger sealed a false claim, then posted to a list that seals what it found",
           by_list, **through_list, expect={"spf": "pass", "arc": "pass", **quarantined, "indirect": ["arc_origin"]})

    untouched = sign(message(AUTHOR.format("reject.example"), name="arc-pass-dkim-pass"), "reject.example")
    sample("arc-pass-dkim-pass", "A relay sealed the message and changed nothing",
           seal(untouched, "relay.example.net", results=first, chain="none"), **through_relay,
           expect={"spf": "pass", "dkim": ["pass"], "dmarc": "pass", "policy": "reject", "arc": "pass"})

    sample("arc-broken", "Changed after the last seal: the chain fails and proves nothing",
           by_relay.replace(b"are 925.", b"are 800."), **through_relay,
           expect={"spf": "pass", "dkim": ["fail"], "arc": "fail", "dmarc": "fail", "policy": "reject", "action": "reject",
                   "code": 550})


def outputs():
    with mock.patch("time.time", return_value=float(SIGNED_AT)):
        build_direct()
        build_indirect()
    files = {"zone": zone().encode(), "samples.json": (json.dumps([entry for entry, _ in SAMPLES], indent=1, ensure_ascii=False) + "\n").encode()}
    for entry, text in SAMPLES:
        if not entry["file"].startswith("opendkim/"):
            files[entry["file"]] = text
    return files


def main():
    files = outputs()
    if sys.argv[1:] == ["--check"]:
        different = [name for name, octets in files.items()
                     if not (HERE / name).exists() or (HERE / name).read_bytes() != octets]
        for name in different:
            print(f"{name}: differs from what make.py makes")
        print(f"{len(files) - len(different)} of {len(files)} files are as made")
        return 1 if different else 0
    for name, octets in files.items():
        (HERE / name).write_bytes(octets)
    print(f"{len(files)} files written to {HERE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
