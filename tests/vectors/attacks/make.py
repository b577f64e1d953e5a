#!/usr/bin/python3
"""Makes the attack messages, the genuine ones that look odd, their DNS zone and the index of what is expected of them.

In each attack somebody who owns attacker.example and sends from its address tries to pass for bank.example (or another domain of
`VICTIMS`). Their own domain passes SPF, DKIM and DMARC, so that a reader that takes the wrong text for the author sees a pass.

    make.py            writes the files
    make.py --check    writes nothing; exit status 1 if a committed file differs

Ordinary signatures are dkimpy's. Those that dkimpy cannot or will not write (odd d=, s=, i=, h=, U-labels) are made here by
`sign_odd` of suite.py, straight from RFC 6376 section 3.7 and RFC 8463; dkimpy checks one of them. All of them are Ed25519, which is
deterministic. The expected results follow from the RFCs named with the cases and from assay's default policy.
"""

import json
import sys
from unittest import mock

from cases_dkim import build_arc, build_dkim, build_results
from cases_eai import build_eai
from cases_from import build_from, build_genuine
from cases_identity import build_dmarc, build_identity
from suite import CASES, HERE, SIGNED_AT, check_signer, zone


def outputs():
    check_signer()
    with mock.patch("time.time", return_value=float(SIGNED_AT)):
        for build in (build_from, build_identity, build_dkim, build_arc, build_results, build_dmarc, build_eai, build_genuine):
            build()
    index = "[\n" + ",\n".join(json.dumps(entry) for entry, _ in CASES) + "\n]\n"
    return {"zone": zone().encode(), "attacks.json": index.encode(), **{entry["file"]: text for entry, text in CASES}}


def main():
    files = outputs()
    if sys.argv[1:] == ["--check"]:
        different = [name for name, text in files.items() if not (HERE / name).exists() or (HERE / name).read_bytes() != text]
        different += [f"messages/{path.name}" for path in (HERE / "messages").iterdir() if f"messages/{path.name}" not in files]
        for name in different:
            print(f"{name}: differs from what make.py makes")
        print(f"{len(files)} files, {len(different)} differ")
        return 1 if different else 0
    (HERE / "messages").mkdir(exist_ok=True)
    for path in (HERE / "messages").iterdir():
        path.unlink()
    for name, text in files.items():
        (HERE / name).write_bytes(text)
    print(f"{len(CASES)} cases written to {HERE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
