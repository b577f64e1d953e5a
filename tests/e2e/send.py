#!/usr/bin/python3
"""Sends a message file to an SMTP server that lets XCLIENT say where it comes from, and prints the reply."""

import argparse
import pathlib
import smtplib
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("--client-ip", default="192.0.2.10")
    parser.add_argument("--helo", default="client.example.org")
    parser.add_argument("--mail-from", required=True, help="'' is the null sender")
    parser.add_argument("--rcpt", default="postmaster@example.net")
    parser.add_argument("message", type=pathlib.Path)
    arguments = parser.parse_args()
    with smtplib.SMTP("127.0.0.1", arguments.port, timeout=60) as smtp:
        smtp.ehlo("tester")
        code, text = smtp.docmd("XCLIENT", f"ADDR={arguments.client_ip} NAME=[UNAVAILABLE]")
        if code == 220:
            smtp.ehlo(arguments.helo)
            try:
                code, text = smtp.mail(arguments.mail_from)
                if code == 250:
                    code, text = smtp.rcpt(arguments.rcpt)
                if code == 250:
                    code, text = smtp.data(arguments.message.read_bytes())
            except smtplib.SMTPResponseException as error:
                code, text = error.smtp_code, error.smtp_error
    print(code, text.decode("utf-8", "replace"))
    return 0 if code == 250 else 1


if __name__ == "__main__":
    sys.exit(main())
