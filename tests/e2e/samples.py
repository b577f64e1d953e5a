#!/usr/bin/python3
"""The sample messages of tests/vectors/samples, and what a filter makes of them.

As a program it sends them all to a filter and prints the outcome of each; exit status 1 if one is not as expected:
samples.py --mta build/release/bin/assay-mta --socket SOCKET
"""

import argparse
import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "vectors/samples"
ZONE = FOLDER / "zone"

# What the MTA answers for each action; quarantine by header is acceptance.
DISPOSITION = {"accept": "accept", "quarantine": "accept", "reject": "reject", "tempfail": "tempfail", "discard": "discard"}


def load():
    """The entries of samples.json, "path" added."""
    entries = json.loads((FOLDER / "samples.json").read_text(encoding="utf-8"))
    for entry in entries:
        entry["path"] = FOLDER / entry["file"]
    return entries


def envelope_options(entry):
    """The options of assay-mta for an entry's client and envelope."""
    options = ["--client-ip", entry["client_ip"], "--helo", entry["helo"], "--mail-from", entry["mail_from"]]
    for argument in entry["mail_args"]:
        options += ["--mail-arg", argument]
    for address in entry["rcpt"]:
        options += ["--rcpt", address]
    return options


def send(mta, socket, entry, *more):
    """Sends one entry with assay-mta; returns its JSON object."""
    done = subprocess.run([mta, "--socket", socket, "--json", "--queue-id", entry["name"], *envelope_options(entry), *more,
                           entry["path"]], capture_output=True, text=True, check=False, timeout=120)
    if not done.stdout:
        raise AssertionError(f"assay-mta: {done.stderr}")
    return json.loads(done.stdout)


def fields(result, name):
    """The values of the fields of that name in a JSON object of assay-mta, top first."""
    return [value for field, value in result["header"] if field.lower() == name.lower()]


def differences(entry, result):
    """How `result` differs from what is expected of the entry, as far as the MTA sees it."""
    expect = entry["expect"]
    found = []
    if result["disposition"] != DISPOSITION[expect["action"]]:
        found.append(f"expected {expect['action']}, got {result['disposition']}")
    if expect["code"] is not None and not (result["reply"] or "").startswith(str(expect["code"])):
        found.append(f"expected a reply {expect['code']}, got {result['reply']}")
    if result["disposition"] != "accept":
        return found
    if (expect["quarantine"] == "header") != (fields(result, "X-Spam-Flag") == [" YES"]):
        found.append(f"expected quarantine {expect['quarantine']}, got X-Spam-Flag {fields(result, 'X-Spam-Flag')}")
    stamp = " ".join(fields(result, "Authentication-Results")[:1]).split()
    for method, wanted in [("spf", expect["spf"]), ("dmarc", expect["dmarc"])]:
        if f"{method}={wanted}" not in " ".join(stamp).replace(";", " ").split():
            found.append(f"expected {method}={wanted}")
    return found


def describe(result):
    if result["disposition"] != "accept":
        return f"{result['disposition']}: {result['reply']}"
    marks = fields(result, "X-Spam-Flag")
    return "delivered" + (f", quarantined by X-Spam-Flag:{marks[0]}" if marks else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mta", required=True)
    parser.add_argument("--socket", required=True)
    arguments = parser.parse_args()
    unexpected = 0
    for entry in load():
        result = send(arguments.mta, arguments.socket, entry)
        print(f"\n== {entry['name']}: {entry['what']}")
        print(f"   from {entry['client_ip']}, MAIL FROM:<{entry['mail_from']}>")
        print(f"   {describe(result)}")
        for value in fields(result, "Authentication-Results"):
            text = value.encode("latin-1").decode("utf-8", "replace")
            print("   Authentication-Results:" + text.replace("\n", "\n   "))
        for difference in differences(entry, result):
            unexpected += 1
            print(f"   NOT AS EXPECTED: {difference}")
    print(f"\n{len(load())} samples, {unexpected} not as expected")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
