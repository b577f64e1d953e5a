#!/usr/bin/python3
"""The recipes of docs/sendmail.md and docs/postfix.md, read from these pages and run."""

import contextlib
import os
import pwd
import re
import smtplib
import socket
import sys
import unittest

import daemon
import foreign
import postfix
import real_mtas
import samples
import sendmail
from alias_dns import ADDRESS, AliasDns
from delivered import Delivered
from lmtp_mailbox import LmtpMailbox
from recipes import DOCS, README, blocks, main_cf, recipe, replaced
from unpacked import Unavailable

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

TMPFILES = DOCS.parent / "systemd/assay.tmpfiles"
INET = "inet:8893@127.0.0.1", "inet:127.0.0.1:8893"  # as Sendmail and as Postfix write it


def setUpModule():  # pylint: disable=invalid-name
    try:
        for program in (postfix, sendmail):
            program.unpack(daemon.BUILD)
        if os.geteuid() != 0:
            raise Unavailable("Postfix and Sendmail must be started by root")
    except Unavailable as why:
        daemon.skip(str(why))


class Recipes(unittest.TestCase):
    maxDiff = None

    def daemon(self, settings="", **more):
        running = daemon.Daemon(settings, zone=(real_mtas.zone_file(type(self)),), **more)
        self.addCleanup(running.stop)
        return running

    def serve(self, server):
        self.addCleanup(server.stop)
        return server

    def send(self, server, *, client=make.AUTHOR_IP, text=None, mail_from="office@reject.example", **more):
        with server.session(client_ip=real_mtas.loopback_clients.address(client), helo="mail.reject.example", **more) as smtp:
            text = text or make.message("office@reject.example", name="recipe")
            return server.submit(smtp, mail_from, ["postmaster@example.net"], text)

    def answer(self, server):
        """The reply to a message, or the greeting if that is a refusal."""
        try:
            return self.send(server)
        except smtplib.SMTPConnectError as error:
            return error.smtp_code, error.smtp_error

    def stamps(self, server, **more):
        """The Authentication-Results fields of a message that must be delivered."""
        code, reply = self.send(server, **more)
        self.assertEqual(code, 250, reply)
        texts = server.delivered()
        self.assertEqual(len(texts), 1, server.log_text()[-2000:])
        return [b" ".join(value.split()) for value in Delivered(texts[0]).all("Authentication-Results")]

    def assert_verified(self, server):
        self.assertRegex(self.stamps(server)[0], rb"^mx\.example\.net; .*dmarc=pass")


    def put_on_hold(self, server, running):
        """The queue id of a message on hold."""
        self.assertEqual(self.send(server)[0], 250)
        daemon.until(server.held, what="a message on hold")
        return daemon.until(running.records, what="a record")[-1]["queue_id"]

    def commands(self, page, queue_id):
        """The commands by which a page takes a message off hold, as lists of words."""
        lines = [line.partition("#")[0].split() for line in recipe(page, "Mail on hold").splitlines()]
        documented = re.search(r"-(?:qI|H )(\w+)", recipe(page, "Mail on hold"))[1]
        return [[word.replace(documented, queue_id) for word in line] for line in lines]

    def assert_released(self, server):
        message = Delivered(server.delivered()[0])
        self.assertEqual(len(message.all("Authentication-Results")), 1)
        self.assertIn("dis=quarantine rule=hold", message.stamp)
        self.assertEqual(server.held(), [])


HOLD = "policy: {rules: [{name: hold, when: {dmarc: pass}, then: {quarantine: {how: hold}}}]}\n"


class Sendmail(Recipes):
    def lines(self, heading, *pairs):
        return replaced(recipe("sendmail.md", heading), *pairs)

    def test_the_filter(self):
        self.assertIn(recipe("sendmail.md", "The filter"), README.read_text(encoding="utf-8"))
        running = self.daemon()
        self.assert_verified(self.serve(sendmail.Sendmail(daemon.BUILD, self.lines("The filter", (INET[0], running.socket)))))

    def test_the_reader_gets_the_author_who_was_judged_whatever_alias_his_domain_is(self):
        """A Sendmail that looks names up, as it does unless it is told otherwise, replaces those that are aliases."""
        author = "office@reject.example"
        names = AliasDns("reject.example", "bank.example")
        self.addCleanup(names.close)
        running = self.daemon()
        documented = self.lines("The filter", (INET[0], running.socket))
        without = replaced(documented, ("define(`confDONT_EXPAND_CNAMES', `True')dnl\n", ""))
        for lines, shown in ((documented, author), (without, "office@bank.example")):
            with self.subTest(lines):
                server = self.serve(sendmail.Sendmail(daemon.BUILD, lines, nameserver=ADDRESS))
                self.assertEqual(self.send(server, text=make.message(author, name="alias"))[0], 250)
                message = Delivered(server.delivered()[0])
                self.assertIn("dmarc=pass", message.stamp)
                self.assertEqual(message.all("From"), [b" " + shown.encode()])
                self.assertIn("reject.example", names.asked())

    def test_a_unix_socket(self):
        running = self.daemon(unix=True)
        server = self.serve(sendmail.Sendmail(daemon.BUILD, self.lines("Over a unix socket")))
        (server.folder / "run/assay").mkdir()
        running.address.rename(server.folder / "run/assay/milter.sock")  # into the chroot; Sendmail takes no hard link
        self.assert_verified(server)

    def test_the_submission_port(self):
        running = self.daemon()
        port = daemon.free_port()
        lines = self.lines("No filter on the submission port", (INET[0], running.socket),
                           ("Port=smtp", "Port={port}, Addr=127.0.0.1"), ("Port=submission", f"Port={port}, Addr=127.0.0.1"))
        server = self.serve(sendmail.Sendmail(daemon.BUILD, lines, logins=("joe",)))
        self.assert_verified(server)
        self.assertEqual(self.send(server, port=port)[0], 530)  # authentication required
        self.assertEqual(self.stamps(server, port=port, login="joe"), [])
        self.assertEqual(len(daemon.until(running.records, what="a record")), 1)

    def test_mail_on_hold(self):
        running = self.daemon(HOLD)
        server = self.serve(sendmail.Sendmail(daemon.BUILD, real_mtas.filter_lines(running)))
        lists, takes_off, delivers = self.commands("sendmail.md", self.put_on_hold(server, running))
        self.assertEqual(lists[0], "mailq")
        self.assertIn("QUARANTINE: assay: hold\n", server.run("-bp", *lists[1:]))
        server.run(*takes_off[1:])
        server.run(*delivers[1:])
        self.assert_released(server)

    def test_names_that_sendmail_completes(self):
        # mx is the first label of the name that the test's sendmail.mc gives the host.
        running = self.daemon(recipe("sendmail.md", "Names that Sendmail completes"))
        server = self.serve(sendmail.Sendmail(daemon.BUILD, real_mtas.filter_lines(running)))
        for name in ("localhost", "LOCALHOST", "localhost.localdomain", "mx"):
            with self.subTest(name):
                code, reply = self.send(server, text=make.message(f"ceo@{name}", name="own"), mail_from="", client=make.OTHER_IP)
                expected = f"5.7.1 From {name.lower()} is completed to a name of ours (rule names-of-our-own)"
                self.assertEqual((code, reply), (550, expected.encode()))

    def test_without_the_daemon(self):
        documented = self.lines("The filter", (INET[0], f"inet:{daemon.free_port()}@127.0.0.1"))
        for flag, code, begin in (("F=T, ", 451, b"4.3.2 Please try again later"), ("F=4, ", 421, b"4.7.0"), ("F=R, ", 554, b""),
                                  ("", 250, b"")):
            with self.subTest(flag):
                server = self.serve(sendmail.Sendmail(daemon.BUILD, replaced(documented, ("F=T, ", flag))))
                found, reply = self.answer(server)
                self.assertEqual((found, reply[:len(begin)]), (code, begin))
                if code == 250:
                    self.assertEqual(Delivered(server.delivered()[0]).all("Authentication-Results"), [])


class Postfix(Recipes):
    def serve_with(self, settings, **more):
        return self.serve(postfix.Postfix(daemon.BUILD, "", settings=settings, **more))

    def settings(self, heading, *pairs):
        return main_cf(replaced(recipe("postfix.md", heading), *pairs))

    def test_the_filter(self):
        self.assertIn(recipe("postfix.md", "The filter"), README.read_text(encoding="utf-8"))
        running = self.daemon()
        server = self.serve_with(self.settings("The filter", (INET[1], running.postfix_socket)))
        self.assert_verified(server)
        code, reply = self.send(server, text=make.message("office@reject.example\0, x@plain.example", name="nul"))
        self.assertEqual((code, reply[:6]), (550, b"5.7.1 "), reply)

    def test_one_filter_s_own_failure_action(self):
        running = self.daemon()
        heading = "Failure and time-outs for this filter alone"
        self.assert_verified(self.serve_with(self.settings(heading, (INET[1], running.postfix_socket))))
        # Another filter that is away stops no mail, and leaves what this one did.
        with_another = self.settings(heading, (INET[1], running.postfix_socket))["smtpd_milters"]
        with_another += f", {{ inet:127.0.0.1:{daemon.free_port()}, default_action=accept }}"
        self.assert_verified(self.serve_with({"smtpd_milters": with_another, "milter_default_action": "tempfail"}))
        # milter_default_action does not count for it.
        absent = self.settings(heading, (INET[1], f"inet:127.0.0.1:{daemon.free_port()}"))
        self.assertEqual(self.send(self.serve_with({**absent, "milter_default_action": "accept"}))[0], 451)

    def test_no_filter_for_some_clients(self):
        running = self.daemon()
        maps = self.settings("No filter for some clients")
        server = self.serve(postfix.Postfix(daemon.BUILD, running.postfix_socket, settings=maps))
        self.assert_verified(server)
        self.assertEqual(self.stamps(server, client="203.0.113.7"), [])

    def test_a_map_that_names_filters_counts_on_every_port(self):
        running = self.daemon()
        port = daemon.free_port()
        services = replaced(recipe("postfix.md", "No filter on the submission port"), ("submission inet", f"127.0.0.1:{port} inet"))
        settings = {"smtpd_milter_maps": f"cidr:{{ {{ 0.0.0.0/0 {running.postfix_socket} }} }}"}
        server = self.serve(postfix.Postfix(daemon.BUILD, "", settings=settings, services=services))
        self.assertEqual(len(self.stamps(server, port=port)), 1)

    def test_a_proxy_before_the_queue_leaves_a_filter_nothing_to_see(self):
        running = self.daemon()
        back = daemon.free_port()
        services = (f"127.0.0.1:{back} inet n - n - - smtpd\n  -o smtpd_proxy_filter=\n  -o smtpd_milters=\n"
                    "  -o smtpd_relay_restrictions=permit_mynetworks,reject\n")
        server = self.serve(postfix.Postfix(daemon.BUILD, running.postfix_socket, services=services,
                                            settings={"smtpd_proxy_filter": f"127.0.0.1:{back}"}))
        forged = b"Authentication-Results: mx.example.net; dmarc=pass\r\n" + make.message("office@reject.example", name="proxy")
        self.assertEqual(self.stamps(server, client=make.OTHER_IP, text=forged), [b"mx.example.net; dmarc=pass"])
        self.assertEqual(running.records(), [])

    def test_the_submission_port(self):
        running = self.daemon()
        port = daemon.free_port()
        services = replaced(recipe("postfix.md", "No filter on the submission port"), ("submission inet", f"127.0.0.1:{port} inet"))
        server = self.serve(postfix.Postfix(daemon.BUILD, running.postfix_socket, services=services))
        self.assert_verified(server)
        self.assertEqual(self.stamps(server, port=port, login="joe"), [])
        self.assertEqual(len(daemon.until(running.records, what="a record")), 1)

    def test_a_socket_below_the_chroot(self):
        running = self.daemon(unix=True)
        settings = self.settings("A socket below the chroot")
        server = self.serve_with(settings, chroot=True)
        # As systemd/assay.tmpfiles and the recipe have it, with the group of this Postfix.
        tmpfiles = re.search(r"^d /var/spool/postfix/assay (\d+) assay postfix ", TMPFILES.read_text(), flags=re.MULTILINE)
        socket_mode = re.search(r"\bmode: (\d+)", blocks("postfix.md", "A socket below the chroot")[1])
        group = pwd.getpwnam(server.run("postconf", "-h", "mail_owner").strip()).pw_gid
        folder, path = server.queue / "assay", server.queue / "assay/assay.sock"
        folder.mkdir()
        running.address.rename(path)
        for place, mode in ((folder, tmpfiles[1]), (path, socket_mode[1])):
            os.chown(place, foreign.NOBODY, group)
            place.chmod(int(mode, 8))
        self.assert_verified(server)
        # What a wrong group looks like, and a path that is right outside of the chroot alone.
        os.chown(path, foreign.NOBODY, foreign.NOBODY)
        self.assertEqual(self.send(server)[0], 451)
        self.assertIn("connect to Milter service unix:/assay/assay.sock: Permission denied", server.log_text())
        outside = {"smtpd_milters": f"unix:{path}"}
        server = self.serve_with(outside, chroot=True)
        self.assertEqual(self.send(server)[0], 451)
        self.assertIn(f"connect to Milter service unix:{path}: No such file or directory", server.log_text())

    def test_mail_on_hold(self):
        running = self.daemon(HOLD)
        server = self.serve(postfix.Postfix(daemon.BUILD, running.postfix_socket))
        queue_id = self.put_on_hold(server, running)
        lists, takes_off, delivers = self.commands("postfix.md", queue_id)
        self.assertIn(f"{queue_id}!", server.run(*lists))
        server.run(*takes_off)
        server.run(*delivers)
        self.assert_released(server)

    def test_a_content_filter(self):
        running = self.daemon("local: {networks: [127.0.0.1]}\n")
        documented = "  -o smtpd_milters=\n"
        for line in (documented, "  -o receive_override_options=no_milters\n", ""):
            with self.subTest(line), contextlib.closing(LmtpMailbox()) as content_filter:
                port = daemon.free_port()
                main, master, _ = blocks("other-filters.md", "amavis")
                services = replaced(master, ("127.0.0.1:10025", f"127.0.0.1:{port}"), (documented, line))
                settings = main_cf(replaced(main, ("10024", str(content_filter.port))))
                server = self.serve(postfix.Postfix(daemon.BUILD, running.postfix_socket, settings=settings, services=services))
                self.assertEqual(self.send(server)[0], 250)
                [(recipient, text)] = content_filter.take(1, 30)
                self.assertIn(b"dmarc=pass", Delivered(text.replace(b"\r\n", b"\n")).all("Authentication-Results")[0])
                with server.session(port=port) as smtp:
                    self.assertEqual(server.submit(smtp, "office@reject.example", [recipient.decode()], text)[0], 250)
                stamps = [b" ".join(value.split()) for value in Delivered(server.delivered()[0]).all("Authentication-Results")]
                if line:
                    self.assertEqual(len(stamps), 1)
                    self.assertIn(b"dmarc=pass", stamps[0])
                else:
                    self.assertEqual(stamps, [b"mx.example.net; none"])

    def test_without_the_daemon(self):
        for action, code, begin in (("tempfail", 451, b"4.7.1 Service unavailable - try again later"), ("reject", 554, b""),
                                    ("accept", 250, b""), ("quarantine", 250, b"")):
            with self.subTest(action):
                settings = self.settings("The filter", (INET[1], f"inet:127.0.0.1:{daemon.free_port()}"), ("= tempfail", f"= {action}"))
                server = self.serve_with(settings)
                found, reply = self.answer(server)
                self.assertEqual((found, reply[:len(begin)]), (code, begin))
                if action == "quarantine":
                    daemon.until(server.held, what="a message on hold")
                elif code == 250:
                    self.assertEqual(Delivered(server.delivered()[0]).all("Authentication-Results"), [])


class TimeOuts(Recipes):
    """assayd answers at its message deadline, whatever DNS does; an MTA that waits no longer than that defers."""

    def test_the_deadline_and_the_mtas_patience(self):
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
            silent.bind(("127.0.0.1", 0))
            running = self.daemon(f"dns: {{forward: ['127.0.0.1@{silent.getsockname()[1]}'], timeout: 10s, message_deadline: 3s}}\n")
            filter_line = replaced(recipe("sendmail.md", "The filter"), (INET[0], running.socket))
            lines = recipe("postfix.md", "Failure and time-outs for this filter alone")
            setting = main_cf(replaced(lines, (INET[1], running.postfix_socket)))
            patient = [sendmail.Sendmail(daemon.BUILD, filter_line), postfix.Postfix(daemon.BUILD, "", settings=setting)]
            hasty = [sendmail.Sendmail(daemon.BUILD, re.sub("E:5m", "E:1s", filter_line)),
                     postfix.Postfix(daemon.BUILD, "", settings={name: value.replace("content_timeout=300s", "content_timeout=1s")
                                                                 for name, value in setting.items()})]
            for server in patient + hasty:
                self.serve(server)
            for server in patient:
                self.assertIn(b"dmarc=temperror", self.stamps(server)[0])
            for server in hasty:
                self.assertEqual(self.send(server)[0], 451)
                self.assertEqual(server.delivered(1, timeout=0.2), [])


if __name__ == "__main__":
    unittest.main()
