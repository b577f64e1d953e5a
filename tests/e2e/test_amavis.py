#!/usr/bin/python3
"""amavis, with SpamAssassin inside, behind Postfix's queue, by the recipes of docs/other-filters.md."""

import amavis
import beside
import daemon
from delivered import Delivered
from mta_cases import make
from recipes import blocks, main_cf, recipe, replaced

PAGE = "other-filters.md"


class Amavis(beside.Beside):
    settings = recipe(PAGE, "A mark that other filters leave alone")

    def serve(self, running, *pairs):
        """amavis and Postfix by the recipe, with parts of amavis' own file replaced."""
        main, master, own = blocks(PAGE, "amavis")
        port, back = daemon.free_port(), daemon.free_port()
        self.start(amavis.Amavis, daemon.BUILD, port, back, replaced(own, *pairs), recipe(PAGE, "SpamAssassin"))
        return self.postfix({"smtpd_milters": running.postfix_socket, **main_cf(replaced(main, ("10024", str(port))))},
                            services=replaced(master, ("10025", str(back))))

    def test_recipe(self):
        mta = self.serve(self.running)
        for name, tests in ((beside.UNCHANGED, "ASSAY_DMARC_PASS=-0.5"), (beside.FORGED_RESULTS, "ASSAY_DMARC_PASS=-0.5"),
                            (beside.FAILING, "ASSAY_DMARC_FAIL=4"), (beside.MARKED, "ASSAY_DMARC_FAIL=4")):
            with self.subTest(name):
                before = len(self.running.records())
                message = self.send(mta, name).message
                self.assertRegex(message.all("X-Spam-Status")[0], rf"No, score=.* tests=\[{tests}\]".encode())
                self.assertIn(b"(amavis, port", message.all("Received")[1])
                self.assertEqual(message.all("X-Assay-Quarantine"), [b" YES"] if name == beside.MARKED else [])
                self.assertEqual(len(self.running.records()), before + 1)  # assayd did not see it again.
        self.send(mta, beside.REFUSED)

    def test_what_the_recipe_keeps_away(self):
        with daemon.Daemon() as marking:
            server = self.serve(marking, ("verification = 0", "verification = 1")).server
            with server.session(client_ip=make.OTHER_IP) as smtp:
                text = make.message("office@quarantine.example", name="marked")
                self.assertEqual(server.submit(smtp, "", ["postmaster@example.net"], text)[0], 250)
            message = Delivered(server.delivered()[0])
            # Both names are that of the host.
            self.assertEqual(message.all("Authentication-Results"), [])
            self.assertEqual(message.all("X-Spam-Flag"), [b" NO"])


if __name__ == "__main__":
    daemon.run_tests()
