#!/usr/bin/python3
"""Makes the signed messages of this folder with dkimpy (Debian: python3-dkim, python3-nacl, python3-authres).

Every message is signed by that second implementation, never by our own code; what must come out is written down here by
hand from the RFCs. `make.py` writes *.eml, zone and vectors.json; `make.py --check` tells whether they are as made.
Signatures are deterministic (PKCS #1 v1.5 and Ed25519), and time is fixed, so the output is too.
"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import time

import dkim
import dkim.crypto
import nacl.encoding
import nacl.signing
from dkim.canonicalization import CanonicalizationPolicy

HERE = os.path.dirname(os.path.abspath(__file__))
NOW = 1750000000
time.time = lambda: NOW

OUTPUT = {}
VECTORS = []


def key(name):
    with open(os.path.join(HERE, "keys", name), "rb") as file:
        return file.read()


def public(name):
    pem = os.path.join(HERE, "keys", name)
    der = subprocess.run(["openssl", "rsa", "-in", pem, "-pubout", "-outform", "DER"], check=True, capture_output=True)
    return base64.b64encode(der.stdout).decode()


RSA = key("rsa2048.pem")
SMALL = key("rsa768.pem")
OTHER = key("rsa1024.pem")
ED = key("ed25519.seed").strip()

P = public("rsa2048.pem")
P_OTHER = public("rsa1024.pem")
P_ED = base64.b64encode(bytes(nacl.signing.SigningKey(ED, encoder=nacl.encoding.Base64Encoder).verify_key)).decode()
# The same key as RSAPublicKey, which the text of RFC 6376 section 3.6.1 names.
P_BARE = base64.b64encode(
    subprocess.run(
        ["openssl", "rsa", "-in", os.path.join(HERE, "keys", "rsa2048.pem"), "-RSAPublicKey_out", "-outform", "DER"],
        check=True, capture_output=True).stdout).decode()

ZONE = [
    ("rsa._domainkey.example.com", f"v=DKIM1; k=rsa; p={P}"),
    ("bare._domainkey.example.com", f"v=DKIM1; p={P_BARE}"),
    ("ed._domainkey.example.com", f"v=DKIM1; k=ed25519; p={P_ED}"),
    ("small._domainkey.example.com", f"v=DKIM1; p={public('rsa768.pem')}"),
    ("testing._domainkey.example.com", f"v=DKIM1; t=y; p={P}"),
    ("strict._domainkey.example.com", f"v=DKIM1; t=s; p={P}"),
    ("both._domainkey.example.com", f"v=DKIM1; t=foo : s : y; p={P}"),
    ("sha1only._domainkey.example.com", f"v=DKIM1; h=sha1; p={P}"),
    ("hashes._domainkey.example.com", f"v=DKIM1; h=sha1 : md5:SHA256; s=chat:email; n=a note; g=*; p={P}"),
    ("chat._domainkey.example.com", f"v=DKIM1; s=chat; p={P}"),
    ("unknown._domainkey.example.com", f"v=DKIM1; k=dsa; p={P}"),
    ("wrongkind._domainkey.example.com", f"v=DKIM1; k=ed25519; p={P_ED}"),
    ("revoked._domainkey.example.com", "v=DKIM1; p="),
    ("revokedtest._domainkey.example.com", "v=DKIM1; t=y; p="),
    ("noversion._domainkey.example.com", f"k=rsa; p={P};"),
    ("dkim10._domainkey.example.com", f"v=DKIM1.0; p={P}"),
    ("lateversion._domainkey.example.com", f"p={P}; v=DKIM1"),
    ("nokey._domainkey.example.com", "v=DKIM1; k=rsa"),
    ("junk._domainkey.example.com", "v=spf1 -all"),
    ("garbage._domainkey.example.com", "v=DKIM1; p=MIIB"),
    ("two._domainkey.example.com", f"v=DKIM1; p={P_OTHER}"),
    ("two._domainkey.example.com", "v=spf1 -all"),
    ("two._domainkey.example.com", f"v=DKIM1; p={P}"),
    ("mismatch._domainkey.example.com", f"v=DKIM1; p={P_OTHER}"),
    ("a.b._domainkey.example.com", f"v=DKIM1; p={P}"),
    ("rsa._domainkey.xn--bcher-kva.example", f"v=DKIM1; p={P}"),
    ("l1._domainkey.list.example", f"v=DKIM1; p={P_OTHER}"),
    ("l2._domainkey.relay.example", f"v=DKIM1; p={P}"),
]

HEADER = b"""\
Received: from c.example by d.example; Thu, 12 Jun 2025 08:00:03 +0000
Received: from b.example by c.example; Thu, 12 Jun 2025 08:00:02 +0000
Received: from a.example by b.example;
\tThu, 12 Jun 2025 08:00:01 +0000
From: Alice <alice@example.com>
To: Bob <bob@example.net>,
  =?utf-8?q?B=C3=B6b?=
\t<bob2@example.net>
Subject:   odd   spacing\t \tand
\t a fold  
X-Empty:
X-Tight:no space
x-CASE: Mixed
Date: Thu, 12 Jun 2025 08:00:00 +0000
Message-ID: <1@example.com>
""".replace(b"\n", b"\r\n")

BODY = b"""\
Hello Bob,

 two  spaces \t and a tab\t
   leading
trailing  \t
.
--
Alice


  \t
""".replace(b"\n", b"\r\n")

MESSAGE = HEADER + b"\r\n" + BODY
NAMES = [b"from", b"to", b"subject", b"date", b"message-id", b"x-empty", b"x-tight", b"x-case", b"received"]


def add(name, message, *, dkim_results=None, arc=None, now=NOW):
    OUTPUT[name + ".eml"] = message
    vector = {"name": name, "now": now}
    if dkim_results is not None:
        vector["dkim"] = dkim_results
    if arc is not None:
        vector["arc"] = arc
    VECTORS.append(vector)


def passes(**more):
    return {"status": "pass", "reason": None, "headers_verified": True, **more}


def fails(status, reason, headers_verified=False, **more):
    return {"status": status, "reason": reason, "headers_verified": headers_verified, **more}


def sign(message, selector=b"rsa", domain=b"example.com", canon=(b"relaxed", b"relaxed"), names=NAMES, **options):
    """dkimpy's own signer; the field it makes, on top of the message."""
    ed = selector == b"ed"
    signer = dkim.DKIM(message, signature_algorithm=b"ed25519-sha256" if ed else b"rsa-sha256")
    signer.should_not_sign = set()  # dkimpy would not sign Received.
    private = ED if ed else SMALL if selector == b"small" else RSA
    return signer.sign(selector, domain, private, canonicalize=canon, include_headers=list(names), **options) + message


def custom(message, value, canon=b"relaxed/relaxed", names=(b"from",), private=RSA, length=None, name=b"DKIM-Signature"):
    """Signs a field whose value is written by hand: {bh} and {b} stand for the hash and the signature. The hashing is
    dkimpy's."""
    signer = dkim.DKIM(message)
    policy = CanonicalizationPolicy.from_c_value(canon)
    body = policy.canonicalize_body(signer.body)[:length]
    value = value.replace(b"{bh}", base64.b64encode(hashlib.sha256(body).digest()))
    hasher = hashlib.sha256()
    empty = value.replace(b"{b}", b"")
    dkim.hash_headers(hasher, policy, policy.canonicalize_headers(signer.headers), list(names), (name, empty), {})
    signature = dkim.crypto.RSASSA_PKCS1_v1_5_sign(hasher, dkim.crypto.parse_pem_private_key(private))
    return name + b":" + value.replace(b"{b}", base64.b64encode(signature)) + b"\r\n" + message


def plain(selector=b"rsa", domain=b"example.com", tags=b"", h=b"from:to:subject"):
    return (b" v=1; a=rsa-sha256; c=relaxed/relaxed; d=" + domain + b"; s=" + selector + b";\r\n\th=" + h + b"; " + tags +
            b"bh={bh};\r\n\tb={b}")


def simple_case(name, selector, result, tags=b""):
    add(name, custom(MESSAGE, plain(selector, tags=tags), names=(b"from", b"to", b"subject")), dkim_results=[result])


def dkim_vectors():
    for selector in (b"rsa", b"ed"):
        for header in (b"simple", b"relaxed"):
            for body in (b"simple", b"relaxed"):
                name = f"{selector.decode()}-{header.decode()}-{body.decode()}"
                signed = sign(MESSAGE, selector, canon=(header, body))
                bits = 2048 if selector == b"rsa" else 256
                add(name, signed, dkim_results=[passes(algorithm=f"{selector.decode()}-sha256" if bits == 2048 else
                                                       "ed25519-sha256", key_bits=bits)])

    relaxed = sign(MESSAGE)
    add("changed-body", relaxed.replace(b"Hello Bob", b"Hello Eve"),
        dkim_results=[fails("fail", "body_hash_mismatch", True)])
    add("changed-header", relaxed.replace(b"spacing", b"sPacing"),
        dkim_results=[fails("fail", "signature_mismatch", False)])
    add("changed-both", relaxed.replace(b"spacing", b"sPacing").replace(b"Hello Bob", b"Hello Eve"),
        dkim_results=[fails("fail", "body_hash_mismatch", False)])
    # Changes that relaxed canonicalization does not see (section 3.4.2 and 3.4.4).
    add("relaxed-neutral", relaxed.replace(b"Subject:   odd   spacing\t \tand\r\n\t a fold  \r\n",
                                           b"SUBJECT : odd spacing and a\r\n fold\r\n")
        .replace(b"trailing  \t\r\n", b"trailing\r\n").replace(b"   leading", b"\t\t leading") + b"\r\n\r\n \r\n",
        dkim_results=[passes()])
    # The simple forms see every one of them.
    simple = sign(MESSAGE, canon=(b"simple", b"simple"))
    add("simple-header-space", simple.replace(b"X-Tight:no", b"X-Tight: no"),
        dkim_results=[fails("fail", "signature_mismatch", False)])
    add("simple-body-space", simple.replace(b"trailing  \t\r\n", b"trailing\r\n"),
        dkim_results=[fails("fail", "body_hash_mismatch", True)])
    add("simple-body-blank-lines", sign(HEADER + b"\r\nHello\r\n", canon=(b"simple", b"simple")) + b"\r\n\r\n\r\n",
        dkim_results=[passes()])

    # Bodies: none, empty, blank lines alone, no line end at the end.
    for name, message in (("none", HEADER), ("empty", HEADER + b"\r\n"), ("blank", HEADER + b"\r\n\r\n\r\n"),
                          ("wsp", HEADER + b"\r\n \t\r\n\r\n"), ("open", HEADER + b"\r\nno line end")):
        for body in (b"simple", b"relaxed"):
            add(f"body-{name}-{body.decode()}", sign(message, canon=(b"relaxed", body)), dkim_results=[passes()])

    # l=
    exact = sign(MESSAGE, canon=(b"relaxed", b"simple"), length=True)
    add("length-exact", exact, dkim_results=[passes()])
    add("length-appended", exact + b"An unsigned footer.\r\n",
        dkim_results=[fails("policy", "unsigned_body", True)])
    add("length-truncated", exact[:-60], dkim_results=[fails("permerror", "body_shorter_than_length", True)])
    add("length-zero", custom(MESSAGE, plain(tags=b"l=0; "), names=(b"from", b"to", b"subject"), length=0),
        dkim_results=[fails("policy", "unsigned_body", True)])
    add("length-zero-no-body", custom(HEADER + b"\r\n", plain(tags=b"l=0; "), names=(b"from", b"to", b"subject"), length=0),
        dkim_results=[passes()])

    # x= and t=, with the skew of 300 s.
    timed = custom(MESSAGE, plain(tags=b"t=%d; x=%d; " % (NOW - 1000, NOW)), names=(b"from", b"to", b"subject"))
    add("time-before-expiry", timed, now=NOW - 1, dkim_results=[passes()])
    add("time-at-skew", timed, now=NOW + 300, dkim_results=[passes()])
    add("time-past-skew", timed, now=NOW + 301, dkim_results=[fails("permerror", "expired")])
    add("time-future-at-skew", timed, now=NOW - 1300, dkim_results=[passes()])
    add("time-future", timed, now=NOW - 1301, dkim_results=[fails("permerror", "future_timestamp")])
    simple_case("time-infinite", b"rsa", passes(), b"x=99999999999999999999999999; ")

    # i=
    simple_case("identity-local-part", b"rsa", passes(identity="alice@example.com"), b"i=alice@example.com; ")
    simple_case("identity-subdomain", b"rsa", passes(), b"i=@news.example.com; ")
    simple_case("identity-encoded", b"rsa", passes(), b"i=a=20b=3D\r\n\tc@example.com; ".replace(b"=20", b""))
    simple_case("identity-quoted", b"rsa", passes(), b'i="a=20b"@example.com; ')
    simple_case("identity-case", b"strict", passes(), b"i=alice@EXAMPLE.com; ")
    simple_case("identity-strict-key", b"strict", fails("permerror", "identity_mismatch"), b"i=@news.example.com; ")
    simple_case("identity-elsewhere", b"rsa", fails("permerror", "identity_mismatch"), b"i=@example.org; ")
    simple_case("identity-suffix", b"rsa", fails("permerror", "identity_mismatch"), b"i=@badexample.com; ")

    # h=: bottom up, oversigning, absent names, other DKIM-Signature fields.
    over = sign(MESSAGE, names=[b"from", b"from", b"subject", b"subject", b"x-absent", b"to"])
    add("oversigned", over, dkim_results=[passes()])
    add("oversigned-added", over.replace(b"From: Alice", b"Subject: second\r\nFrom: Alice"),
        dkim_results=[fails("fail", "signature_mismatch")])
    add("absent-added", over.replace(b"From: Alice", b"X-Absent: now here\r\nFrom: Alice"),
        dkim_results=[fails("fail", "signature_mismatch")])
    repeated = sign(MESSAGE, names=[b"from", b"received", b"received"])
    add("repeated-fields", b"Received: from d.example by e.example; Thu, 12 Jun 2025 08:00:04 +0000\r\n" + repeated,
        dkim_results=[passes()])
    add("repeated-fields-swapped",
        repeated.replace(b"from b.example by c.example", b"from x.example by c.example"),
        dkim_results=[fails("fail", "signature_mismatch")])
    add("not-oversigned-added", sign(MESSAGE, names=[b"from", b"subject"]).replace(
        b"Received: from c.example", b"Subject: on top is not signed\r\nReceived: from c.example"), dkim_results=[passes()])
    first = sign(MESSAGE, b"ed")
    second = custom(first, plain(h=b"from:dkim-signature:DKIM-Signature"), names=(b"from", b"dkim-signature", b"dkim-signature"))
    add("signed-signature", second, dkim_results=[passes(algorithm="rsa-sha256"), passes(algorithm="ed25519-sha256")])
    add("signed-signature-changed", second.replace(b"ed25519-sha256", b"ED25519-sha256"),
        dkim_results=[fails("fail", "signature_mismatch"), fails("fail", "signature_mismatch")])

    # The place and spelling of b=, unknown tags, FWS wherever it may be; b= inside other values.
    odd = (b"v = 1 ;\r\n a\t= RSA-sha256; unknown=b=c; b = \r\n\t {b}\r\n ; c=Relaxed/Simple ;\r\n\td=EXAMPLE.com; s=rsa;"
           b" h=From :\r\n\tTo: Subject;bh=\r\n {bh};")
    add("odd-spelling", by_the_letter(MESSAGE, odd, b"relaxed/simple"), dkim_results=[passes()])
    odd_simple = odd.replace(b"c=Relaxed/Simple", b"c=simple/relaxed")
    add("odd-spelling-simple", by_the_letter(MESSAGE, odd_simple, b"simple/relaxed"), dkim_results=[passes()])
    add("default-canonicalization",
        custom(MESSAGE, b" v=1;a=rsa-sha256;d=example.com;s=rsa;h=from;bh={bh};b={b}", canon=b"simple/simple"),
        dkim_results=[passes()])
    add("half-canonicalization",
        custom(MESSAGE, b" v=1;a=rsa-sha256;c=relaxed;d=example.com;s=rsa;h=from;bh={bh};b={b}", canon=b"relaxed/simple"),
        dkim_results=[passes()])
    add("dotted-selector", custom(MESSAGE, plain(b"a.b"), names=(b"from", b"to", b"subject")), dkim_results=[passes()])
    add("u-label", custom(MESSAGE, plain(domain="bücher.example".encode(), tags="i=ünï@Bücher.example; ".encode()),
                          names=(b"from", b"to", b"subject")), dkim_results=[passes(signing_domain="xn--bcher-kva.example")])

    # Keys (section 3.6.1, 6.1.2, RFC 8301 section 3.2).
    simple_case("key-rsapublickey", b"bare", passes())
    simple_case("key-hashes", b"hashes", passes())
    simple_case("key-no-version", b"noversion", passes())
    simple_case("key-second-of-two", b"two", passes())
    simple_case("key-test", b"testing", passes(testing=True))
    simple_case("key-test-strict", b"both", passes(testing=True))
    add("key-test-failed", custom(MESSAGE, plain(b"testing"), names=(b"from", b"to", b"subject")).replace(b"Bob,", b"Eve,"),
        dkim_results=[fails("neutral", "test_key_failed", True, testing=True)])
    add("key-small", sign(MESSAGE, b"small"), dkim_results=[fails("permerror", "key_too_small", key_bits=768)])
    for selector, reason in ((b"sha1only", "key_mismatch"), (b"chat", "key_mismatch"), (b"unknown", "key_mismatch"),
                             (b"wrongkind", "key_mismatch"), (b"revoked", "key_revoked"), (b"revokedtest", "key_revoked"),
                             (b"dkim10", "key_syntax"), (b"lateversion", "key_syntax"), (b"nokey", "key_syntax"),
                             (b"junk", "key_syntax"), (b"garbage", "key_syntax"), (b"missing", "no_key")):
        simple_case("key-" + selector.decode(), selector, fails("permerror", reason))
    simple_case("key-mismatch", b"mismatch", fails("fail", "signature_mismatch"))


def by_the_letter(message, value, canon):
    """As custom(), for FWS around the value of b=: dkimpy's pattern leaves some of it in the hash, so b= is emptied here
    before dkimpy canonicalizes, by the letter of section 3.7: nothing stays between "=" and ";"."""
    signer = dkim.DKIM(message)
    policy = CanonicalizationPolicy.from_c_value(canon)
    value = value.replace(b"{bh}", base64.b64encode(hashlib.sha256(policy.canonicalize_body(signer.body)).digest()))
    bare = re.sub(rb"(\bb =)[^;]*;", rb"\1;", value)
    fields = dkim.select_headers(policy.canonicalize_headers(signer.headers), [b"from", b"to", b"subject"])
    [(name, text)] = policy.canonicalize_headers([(b"DKIM-Signature", bare)])
    octets = b"".join(field + b":" + content for field, content in fields) + name + b":" + text.rstrip()
    signature = dkim.crypto.RSASSA_PKCS1_v1_5_sign(hashlib.sha256(octets), dkim.crypto.parse_pem_private_key(RSA))
    return b"DKIM-Signature:" + value.replace(b"{b}", base64.b64encode(signature)) + b"\r\n" + message


def seal(message, number, results, domain=None, selector=None, private=None):
    """One hop of dkimpy's ARC signer, with its Authentication-Results in front as that signer wants it."""
    odd = number % 2 == 1
    domain = domain or (b"list.example" if odd else b"relay.example")
    selector = selector or (b"l1" if odd else b"l2")
    host = b"mx%d." % number + domain
    stamped = b"Authentication-Results: " + host + b"; " + results + b"\r\n" + message
    sealer = dkim.ARC(stamped)
    sealer.should_not_sign = set()  # dkimpy would not sign DKIM-Signature, which RFC 8617 section 4.1.2 asks for.
    names = [b"from", b"to", b"subject", b"date", b"dkim-signature"]
    fields = sealer.sign(selector, domain, private or (OTHER if odd else RSA), host, include_headers=names, timestamp=NOW)
    assert len(fields) == 3, fields
    return b"".join(fields) + stamped


def seal_by_hand(message, value, canon, length=None):
    """A chain of one hop whose message signature is written by hand, for what dkimpy's sealer would not write."""
    signed = custom(message, value, canon, (b"from", b"to", b"subject"), OTHER, length, b"ARC-Message-Signature")
    signed = b"ARC-Authentication-Results: i=1; mx1.list.example; none\r\n" + signed
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    seal_value = b" i=1; a=rsa-sha256; cv=none; d=list.example; s=l1; b="
    fields = policy.canonicalize_headers(dkim.DKIM(signed).headers[:2] + [(b"ARC-Seal", seal_value + b"\r\n")])
    octets = b"".join(name + b":" + text for name, text in fields).removesuffix(b"\r\n")
    signature = dkim.crypto.RSASSA_PKCS1_v1_5_sign(hashlib.sha256(octets), dkim.crypto.parse_pem_private_key(OTHER))
    return b"ARC-Seal:" + seal_value + base64.b64encode(signature) + b"\r\n" + signed


def claim(method, result, **properties):
    return [method, result, {name.replace("_", "."): value for name, value in properties.items()}]


def arc_vectors():
    original = sign(MESSAGE)
    first = (b"spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com;"
             b" dmarc=pass header.from=example.com")
    claims = [claim("spf", "pass", smtp_mailfrom="example.com"), claim("dkim", "pass", header_d="example.com"),
              claim("dmarc", "pass", header_from="example.com")]
    one = seal(original, 1, first)
    two = seal(one, 2, b"arc=pass; dmarc=pass header.from=example.com")
    three = seal(two, 3, b"arc=pass")
    sealers = ["list.example", "relay.example", "list.example"]
    ok = {"status": "pass", "reason": None, "claims": claims}
    bad = {"status": "fail", "claims": claims}
    add("arc-1", one, dkim_results=[passes()], arc={**ok, "instances": 1, "sealers": sealers[:1], "oldest_pass": 0})
    add("arc-2", two, dkim_results=[passes()], arc={**ok, "instances": 2, "sealers": sealers[:2], "oldest_pass": 0})
    add("arc-3", three, dkim_results=[passes()], arc={**ok, "instances": 3, "sealers": sealers, "oldest_pass": 0})

    footer = seal(one + b"-- \r\nA list footer.\r\n", 2, b"arc=pass")
    add("arc-footer", footer, dkim_results=[fails("fail", "body_hash_mismatch", True)],
        arc={**ok, "instances": 2, "sealers": sealers[:2], "oldest_pass": 2})
    add("arc-footer-then-relay", seal(footer, 3, b"arc=pass"), dkim_results=[fails("fail", "body_hash_mismatch", True)],
        arc={**ok, "instances": 3, "sealers": sealers, "oldest_pass": 2})
    add("arc-changed-body", three + b"More.\r\n",
        arc={**bad, "reason": "message_signature_failed", "failed_instance": 3, "instances": 3, "sealers": sealers})
    add("arc-changed-results", three.replace(b"header.from=example.com", b"header.from=example.org"),
        arc={"status": "fail", "reason": "seal_failed", "failed_instance": 3, "instances": 3, "sealers": sealers})
    at = two.index(b"ARC-Seal: i=2")
    add("arc-marked-failed", seal(two, 3, b"arc=fail"),
        arc={**bad, "reason": "chain_marked_failed", "failed_instance": 3, "instances": 3, "sealers": sealers})
    add("arc-no-key", seal(one, 2, b"arc=pass", selector=b"missing"),
        arc={**bad, "reason": "key_failure", "failed_instance": 2, "instances": 2, "sealers": sealers[:2]})
    end = re.compile(rb"\r\n(?![ \t])")
    add("arc-gap", two[:at] + two[end.search(two, at).end():],
        arc={**bad, "reason": "incomplete_set", "failed_instance": 2, "instances": 2, "sealers": sealers[:1]})
    # The order of the fields in the message says nothing: instances do (RFC 8617 section 5.1.1).
    aar = three.index(b"ARC-Authentication-Results: i=1")
    after = end.search(three, aar).end()
    add("arc-reordered", three[aar:after] + three[:aar] + three[after:],
        arc={**ok, "instances": 3, "sealers": sealers, "oldest_pass": 0})

    # Without c= a message signature is simple/simple (RFC 8617 section 4.1.2 takes the default over), but dkimpy takes it as
    # relaxed/relaxed.
    no_c = b" i=1; a=rsa-sha256; d=list.example; s=l1; h=from:to:subject; bh={bh}; b={b}"
    one_hop = {"reason": None, "instances": 1, "sealers": sealers[:1], "claims": []}
    for canon in ("simple", "relaxed"):
        add(f"arc-no-c-{canon}", seal_by_hand(original, no_c, f"{canon}/{canon}".encode()), dkim_results=[passes()],
            arc={**one_hop, "status": "pass", "oldest_pass": 0})
    add("arc-no-c-changed", seal_by_hand(original, no_c, b"relaxed/relaxed").replace(b"spacing", b"sPacing"),
        dkim_results=[fails("fail", "signature_mismatch")],
        arc={**one_hop, "status": "fail", "reason": "message_signature_failed", "failed_instance": 1})

    # l= is that of DKIM (RFC 8617 section 4.1.2). Octets that it leaves unsigned fail the chain, as they cost DKIM its pass.
    length = len(b"Hello Bob,\r\n")
    partial = b" i=1; a=rsa-sha256; c=relaxed/relaxed; d=list.example; s=l1; l=%d; h=from:to:subject; bh={bh}; b={b}" % length
    short = sign(HEADER + b"\r\nHello Bob,\r\n")
    add("arc-length-exact", seal_by_hand(short, partial, b"relaxed/relaxed", length), dkim_results=[passes()],
        arc={**one_hop, "status": "pass", "oldest_pass": 0})
    add("arc-length-appended", seal_by_hand(original, partial, b"relaxed/relaxed", length), dkim_results=[passes()],
        arc={**one_hop, "status": "fail", "reason": "message_signature_failed", "failed_instance": 1})

    # x= and t= are DKIM's, too.
    for name, tags in (("expired", b"x=%d" % (NOW - 301)), ("future", b"t=%d" % (NOW + 301))):
        timed = b" i=1; a=rsa-sha256; c=relaxed/relaxed; d=list.example; s=l1; " + tags + b"; h=from:to:subject; bh={bh}; b={b}"
        add(f"arc-{name}", seal_by_hand(original, timed, b"relaxed/relaxed"), dkim_results=[passes()],
            arc={**one_hop, "status": "fail", "reason": "message_signature_failed", "failed_instance": 1})

    # Long chains, for the bound of 50 sets.
    message = original
    for number in range(1, 51):
        message = seal(message, number, first if number == 1 else b"arc=pass")
        if number in (20, 21, 50):
            add(f"arc-{number}", message,
                arc={**ok, "instances": number, "sealers": [sealers[i % 2] for i in range(number)],
                     "oldest_pass": 0})


def zone_text():
    lines = ["# Made by make.py."]
    for name, text in ZONE:
        parts = [text[i:i + 250] for i in range(0, len(text), 250)]
        lines.append(f"{name} TXT " + " ".join(f'"{part}"' for part in parts))
    return ("\n".join(lines) + "\n").encode()


def main():
    dkim_vectors()
    arc_vectors()
    OUTPUT["zone"] = zone_text()
    OUTPUT["vectors.json"] = (json.dumps(VECTORS, indent=1) + "\n").encode()
    differing = []
    for name, octets in OUTPUT.items():
        path = os.path.join(HERE, name)
        if "--check" in sys.argv:
            if not os.path.exists(path) or open(path, "rb").read() != octets:
                differing.append(name)
        else:
            with open(path, "wb") as file:
                file.write(octets)
    if differing:
        sys.exit("not as made: " + " ".join(differing))
    print(f"{len(VECTORS)} vectors")


if __name__ == "__main__":
    main()
