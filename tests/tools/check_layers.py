#!/usr/bin/env python3
"""Checks that every folder includes only what its layer may use.

The rules are those of ARCHITECTURE.md. They are also checked by what each CMake target links; this finds an include that
would compile by accident. Prints one line per violation and exits 1 if there is any.
"""

import os
import re
import sys

# Folder -> own folders it may include. Every folder may use verify/base, verify/verdict.h and verify/limits.h.
MAY_USE = {
    "verify": {"verify"},
    "resolver": {"resolver", "verify/dns", "verify/dmarc"},
    "policy": {"policy", "verify"},
    "config": {"config", "policy", "verify/crypto", "resolver/settings.h"},
    "observe": {"observe", "policy", "verify", "resolver/health.h"},
    "mta": {"mta"},
    "program": {"program"},
    "milter": {"milter", "verify", "resolver", "policy", "config", "observe", "program"},
    "cli": {"cli", "verify", "resolver", "policy", "config", "observe", "mta", "program"},
}
SHARED = {"verify/base", "verify/verdict.h", "verify/limits.h"}

# Part of verify -> other parts it may include.
VERIFY_MAY_USE = {
    "base": set(),
    "dns": {"base"},
    "crypto": {"base"},
    "message": {"base", "crypto"},
    "spf": {"base", "dns", "message"},
    "dkim": {"base", "dns", "message", "crypto"},
    "authres": {"base", "message", "verdict.h"},
    "arc": {"base", "dns", "message", "crypto", "dkim", "authres"},
    "iprev": {"base", "dns"},
    # dmarc sees what spf and dkim found, never their parsers.
    "dmarc": {"base", "dns", "message", "spf/outcome.h", "dkim/outcome.h"},
    "cache": {"base", "dns", "spf", "dkim", "dmarc", "crypto"},
    "plan": {"base", "dns", "spf", "dkim", "arc", "dmarc", "iprev"},
}
VERIFY_TOP = {"verdict.h", "limits.h"}

# Library headers -> folders that may name them.
LIBRARIES = [
    (r"openssl/.*", {"verify/crypto"}),
    (r"idn2\.h", {"verify/base"}),
    (r"tl/expected.*", {"verify/base"}),
    (r"ldns/.*", {"resolver"}),
    (r"unbound\.h", {"resolver"}),
    (r"libpsl\.h", {"resolver"}),
    (r"yaml-cpp/.*", {"config"}),
    (r"spdlog/.*", {"observe"}),
    (r"nlohmann/.*", {"config", "observe", "cli", "mta"}),
    (r"prometheus/.*", {"observe"}),
    (r"civetweb\.h", {"observe"}),
    (r"simdjson.*", {"observe", "cli"}),
    (r"zlib\.h", {"observe"}),
    (r"CLI/.*", {"cli", "milter", "mta", "program"}),
    (r"libmilter/.*", {"milter"}),
    (r"systemd/.*", {"milter", "observe"}),
    # Sockets, files, threads and clocks: the engine has none.
    (r"sys/socket\.h|netinet/.*|sys/epoll\.h|poll\.h|netdb\.h", {"resolver", "mta", "milter", "observe", "cli"}),
    (r"fstream|filesystem|sys/stat\.h|fcntl\.h|unistd\.h", {"resolver", "config", "mta", "milter", "observe", "cli", "program"}),
    (r"thread|condition_variable|future", {"resolver", "mta", "milter", "observe", "cli"}),
    (r"ctime|sys/time\.h|time\.h", {"resolver", "mta", "milter", "observe", "cli"}),
]
# Clocks are called, not included.
CLOCK = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock)::now\b")
NO_CLOCK = ("verify", "policy", "config")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def allowed(path, names):
    """Whether an own header or source falls under one of the names (a folder, or one header)."""
    return any(path == name or path.startswith(name + "/") for name in names)


def own_violation(folder, source, header):
    """The rule that including `header` from `source` breaks, or None."""
    if folder == "verify":
        if not header.startswith("verify/"):
            return "verify/ includes nothing outside itself"
        target = header[len("verify/"):]
        parts = source.split("/")
        if len(parts) == 2:  # The facade, and the structs that all parts share.
            return None
        part = parts[1]
        uses = VERIFY_MAY_USE[part]
        if target == "limits.h" or target.startswith(part + "/") or allowed(target, uses):
            return None
        return f"verify/{part} may use only: {', '.join(sorted(uses)) or 'nothing'}"
    if allowed(header, MAY_USE[folder] | SHARED):
        return None
    return f"{folder}/ may use only: {', '.join(sorted(MAY_USE[folder] | SHARED))}"


def library_violation(source, header):
    """The rule that including the library header from `source` breaks, or None."""
    for pattern, users in LIBRARIES:
        if re.fullmatch(pattern, header) and not allowed(source, users):
            return f"<{header}> belongs to {', '.join(sorted(users))}"
    return None


def check(root):
    violations = []
    for folder in MAY_USE:
        for directory, _, files in os.walk(os.path.join(root, folder)):
            for name in sorted(files):
                if not name.endswith((".h", ".cpp")):
                    continue
                path = os.path.join(directory, name)
                source = os.path.relpath(path, root)
                with open(path, encoding="utf-8") as text:
                    lines = text.readlines()
                for number, line in enumerate(lines, 1):
                    if folder in NO_CLOCK and CLOCK.search(line):
                        violations.append(f"{source}:{number}: {folder}/ reads no clock: time is an argument")
                    match = INCLUDE.match(line)
                    if not match:
                        continue
                    quote, header = match.groups()
                    rule = own_violation(folder, source, header) if quote == '"' else library_violation(source, header)
                    if rule:
                        violations.append(f"{source}:{number}: {header}: {rule}")
    return violations


def self_test():
    """The checker finds what it must find."""
    assert own_violation("verify", "verify/spf/record.cpp", "verify/dkim/key.h")
    assert own_violation("verify", "verify/dmarc/evaluate.cpp", "verify/spf/record.h")
    assert not own_violation("verify", "verify/dmarc/evaluate.cpp", "verify/spf/outcome.h")
    assert own_violation("policy", "policy/decide.cpp", "resolver/backend.h")
    assert own_violation("observe", "observe/record.cpp", "milter/session.h")
    assert library_violation("verify/spf/evaluate.cpp", "ldns/ldns.h")
    assert library_violation("verify/dkim/key.cpp", "openssl/evp.h")
    assert not library_violation("verify/crypto/digest.cpp", "openssl/evp.h")
    assert library_violation("policy/decide.cpp", "thread")
    assert CLOCK.search("const auto now = std::chrono::system_clock::now();")


def main():
    self_test()
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    violations = check(root)
    for violation in violations:
        print(violation)
    print(f"layers: {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
