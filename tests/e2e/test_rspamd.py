#!/usr/bin/python3
"""rspamd behind assayd in Postfix, by the recipe of docs/other-filters.md."""

import re

import beside
import daemon
import postfix
import rspamd
from mta_cases import make
from recipes import blocks, main_cf, recipe, replaced

PAGE = "other-filters.md"
MARK = "A mark that other filters leave alone"
SHOW = {"milter_headers.conf": "extended_spam_headers = true;\n"}  # X-Spamd-Result: what rspamd found
FROM_AUTHOR = {"client": make.AUTHOR_IP, "helo": "mail.reject.example", "mail_from": "office@reject.example",
               "rcpt": ["postmaster@example.net"]}
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"  # what every filter takes for spam


class Rspamd(beside.Beside):
    settings = recipe(PAGE, MARK)

    def serve(self, files=None):
        """rspamd and Postfix by the recipe; `files` are more of local.d."""
        main, *texts = blocks(PAGE, "rspamd")
        # The first line of a block says which files of local.d it is.
        documented = {name: text for text in texts for name in re.findall(r"[\w.-]+\.conf", text.partition("\n")[0])}
        port = daemon.free_port()
        other = self.start(rspamd.Rspamd, daemon.BUILD, port, {**SHOW, **documented, **(files or {})})
        main = replaced(main, ("inet:127.0.0.1:8893", self.running.postfix_socket), ("11332", str(port)))
        return other, self.postfix(main_cf(main))

    def test_recipe(self):
        other, mta = self.serve()
        for name, is_failing in ((beside.UNCHANGED, False), (beside.FORGED_RESULTS, False), (beside.FAILING, True),
                                 (beside.MARKED, True)):
            with self.subTest(name):
                message = self.send(mta, name).message
                [found] = message.all("X-Spamd-Result")
                self.assertEqual(b"ASSAY_DMARC_FAIL(4.00)" in found, is_failing, found)
                self.assertNotRegex(found, rb"\b(R_SPF|R_DKIM|DMARC_|ARC_|SPAM_FLAG)")
                self.assertEqual(message.all("X-Assay-Quarantine"), [b" YES"] if name == beside.MARKED else [])
        self.send(mta, beside.REFUSED)
        spam = mta.send(make.message("office@reject.example", name="spam", body=GTUBE), **FROM_AUTHOR)
        self.assertEqual((spam.code, spam.decision), (554, "accept by default"))
        self.assertEqual(other.log_text().count("rspamd_task_write_log"), 5)  # It never saw the one that assayd refused.
        self.assertEqual([name for name in other.dns.asked() if "_domainkey." in name or name.startswith("_dmarc.")], [])

    def test_what_the_recipe_keeps_away(self):
        other, mta = self.serve({"milter_headers.conf": 'use = ["authentication-results"];\n', "spf.conf": ""})
        message = mta.send(make.message("office@reject.example", name="own"), **FROM_AUTHOR).message
        # rspamd calls itself by the name of the host, as assayd does. Its DNS knows no record.
        self.assertEqual(len(message.all("Authentication-Results")), 1)
        self.assertRegex(message.stamp, r"^mx\.example\.net;.* spf=none .*has no SPF policy")
        self.assertIn("reject.example", other.dns.asked())
        with daemon.Daemon() as marking:
            server = self.start(postfix.Postfix, daemon.BUILD, f"{marking.postfix_socket}, inet:127.0.0.1:{other.port}")
            with server.session(client_ip=make.OTHER_IP) as smtp:
                server.submit(smtp, "", ["postmaster@example.net"], make.message("office@quarantine.example", name="marked"))
        self.assertIn("SPAM_FLAG(5.00)", other.log_text())


if __name__ == "__main__":
    daemon.run_tests()
