#!/usr/bin/python3
"""spamass-milter, and SpamAssassin behind it, behind assayd in Postfix, by the recipes of docs/other-filters.md."""

import beside
import daemon
import spamassassin
from delivered import Delivered
from mta_cases import make
from recipes import main_cf, recipe, replaced

PAGE = "other-filters.md"


class SpamassMilter(beside.Beside):
    settings = recipe(PAGE, "A mark that other filters leave alone")

    def serve(self, running, *, is_first=True):
        """SpamAssassin and Postfix by the recipe; without `is_first` assayd stands second."""
        spamd, milter = daemon.free_port(), daemon.free_port()
        self.start(spamassassin.Spamd, daemon.BUILD, spamd, recipe(PAGE, "SpamAssassin"))
        self.start(spamassassin.SpamassMilter, daemon.BUILD, milter, spamd)
        both = main_cf(replaced(recipe(PAGE, "spamass-milter"), ("inet:127.0.0.1:8893", running.postfix_socket),
                                ("unix:/spamass/spamass.sock", f"inet:127.0.0.1:{milter}")))
        if not is_first:
            both["smtpd_milters"] = ", ".join(reversed(both["smtpd_milters"].split(", ")))
        return self.postfix(both)

    def assert_status(self, message, tests):
        self.assertEqual(message.all("X-Spam-Status"), [f" No, tests={tests}".encode()])
        self.assertEqual(len(message.all("X-Spam-Checker-Version")), 1)

    def test_recipe(self):
        mta = self.serve(self.running)
        for name, tests in ((beside.UNCHANGED, "ASSAY_DMARC_PASS=-0.5"), (beside.FORGED_RESULTS, "ASSAY_DMARC_PASS=-0.5"),
                            (beside.FAILING, "ASSAY_DMARC_FAIL=4"), (beside.MARKED, "ASSAY_DMARC_FAIL=4")):
            with self.subTest(name):
                message = self.send(mta, name).message
                self.assert_status(message, tests)
                self.assertEqual(message.all("X-Assay-Quarantine"), [b" YES"] if name == beside.MARKED else [])
        self.send(mta, beside.REFUSED)

    def test_what_the_recipe_keeps_away(self):
        text = make.message("office@quarantine.example", name="forged")
        forged = b"Authentication-Results: mx.example.net; dmarc=pass\r\n" + text
        with daemon.Daemon() as marking:
            for is_first, tests in ((True, "ASSAY_DMARC_FAIL=4"), (False, "ASSAY_DMARC_PASS=-0.5")):
                with self.subTest(is_first=is_first):
                    server = self.serve(marking, is_first=is_first).server
                    with server.session(client_ip=make.OTHER_IP) as smtp:
                        self.assertEqual(server.submit(smtp, "", ["postmaster@example.net"], forged)[0], 250)
                    message = Delivered(server.delivered()[0])
                    # Who stands before assayd believes the forger; who stands behind it takes the default mark away.
                    self.assert_status(message, tests)
                    self.assertEqual(message.all("X-Spam-Flag"), [] if is_first else [b" YES"])
                    self.assertIn("dmarc=fail", message.stamp)


if __name__ == "__main__":
    daemon.run_tests()
