"""The corpus: the same each time, and assay finds what the manifest says of every message."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ASSAY = pathlib.Path(os.environ["ASSAY_BIN"]) / "assay"
OPTIONS = ["--messages", "120", "--sizes", "2k:3,10k:3,100k:1", "--unique", "40", "--failing", "40", "--arc", "30"]


def make(folder: pathlib.Path, *options: str) -> dict:
    subprocess.run([HERE / "make_corpus", folder, *options], check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / "manifest.json").read_text())


def found(folder: pathlib.Path, manifest: dict, entry: dict) -> dict:
    """What `assay verify` says, as the manifest says it."""
    command = [ASSAY, "verify", "--json", "--now", str(manifest["now"]), "--zone", folder / "zone", "--client-ip", entry["client_ip"],
               "--helo", entry["helo"], "--mail-from", entry["mail_from"], folder / entry["file"]]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {"spf": said["spf"]["mailfrom"]["result"], "spf_helo": said["spf"]["helo"]["result"],
            "iprev": said["iprev"]["result"], "arc": said["arc"]["result"], "dmarc": said["dmarc"]["result"],
            "dmarc_policy": said["dmarc"]["published"],
            "dkim": [(s["result"], s["domain"], s["selector"], s["algorithm"]) for s in said["dkim"]]}


def main() -> int:
    wrong = []
    with tempfile.TemporaryDirectory(prefix="assay-corpus-") as name:
        first, again = pathlib.Path(name, "first"), pathlib.Path(name, "again")
        manifest = make(first, *OPTIONS)
        make(again, *OPTIONS, "--jobs", "1")
        for path in sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file()):
            if (first / path).read_bytes() != (again / path).read_bytes():
                wrong.append(f"{path}: not the same when made again")

        kinds = set()
        for entry in manifest["messages"]:
            kinds.add(entry["kind"])
            octets = (first / entry["file"]).read_bytes()
            if len(octets) != entry["octets"] or b"\n" in octets.replace(b"\r\n", b""):
                wrong.append(f"{entry['file']}: not {entry['octets']} octets with CRLF line ends")
            expected = entry["expect"]
            expected["dkim"] = [(s["result"], s["domain"], s["selector"], s["algorithm"]) for s in expected["dkim"]]
            for method, result in found(first, manifest, entry).items():
                if result != expected[method]:
                    wrong.append(f"{entry['file']} ({entry['kind']}): {method} is {result}, not {expected[method]}")
        if len(kinds) < 8:
            wrong.append(f"only {sorted(kinds)} were made")

        refused = subprocess.run([HERE / "make_corpus", first, "--sizes", "3k"], capture_output=True)
        if refused.returncode != 2:
            wrong.append("--sizes 3k was taken")
    print("\n".join(wrong) or f"{len(manifest['messages'])} messages, {len(kinds)} kinds: all as made")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
