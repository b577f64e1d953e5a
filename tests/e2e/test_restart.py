#!/usr/bin/python3
"""Restarts, reloads and a kill -9 of assayd behind a loaded Postfix, while somebody else holds its socket, as systemd does: no
connection is refused, and every message is verified, at the latest when the client comes again.
"""

import os
import re
import unittest

import senders
import served
import supervisor

RESTARTS = int(os.environ.get("ASSAY_RESTARTS", "3"))
RELOADS = 3  # before each of them
ACCEPTED = 10  # messages between any two of these
# Of the drain, and Postfix's word for a filter that is gone: it cannot know what became of the connection in its hand.
DEFERRED = {"421 4.3.2", "451 4.7.1"}

setUpModule = served.require  # pylint: disable=invalid-name


class RestartBehindPostfix(unittest.TestCase):
    def test_no_message_is_lost_or_passes_unverified(self):
        for unix in (False, True):
            with self.subTest(unix=unix), served.Served(main_cf={"milter_default_action": "tempfail"}, unix=unix,
                                                        make=supervisor.Supervised) as both:
                self.restart_under_load(both.daemon, both.postfix)

    def restart_under_load(self, running, server):
        callers, load = supervisor.Callers(running.address), senders.Senders(server, again=True)
        away, reloads, lost_by_restarts = [], 0, 0
        try:
            for number in range(RESTARTS):
                for _ in range(RELOADS):
                    load.await_accepted(ACCEPTED)
                    running.reload()
                    reloads += 1
                if number == RESTARTS // 2:
                    load.await_accepted(ACCEPTED)
                    lost_by_restarts = callers.lost
                    running.kill()
                    running.start()
                    load.await_accepted(ACCEPTED)
                    lost_by_kill = callers.lost - lost_by_restarts
                load.await_accepted(ACCEPTED)
                away.append(running.restart())
            load.await_accepted(ACCEPTED)
            lost_by_restarts = callers.lost - lost_by_kill
        finally:
            load.stop()
            callers.stop()
        running.assert_sound(self)

        accepted, deferrals = load.accepted(), load.refusals()
        self.assertEqual(len(accepted), load.sent(), "every message was accepted in the end")
        self.assertLessEqual(set(deferrals), DEFERRED)
        senders.assert_delivered_once(self, server, accepted)
        refused = len(re.findall(r"connect to Milter service \S+: Connection refused", server.log_text()))
        self.assertEqual((callers.refused, refused), (0, 0))
        self.assertEqual(lost_by_restarts, 0, "who was let in before a restart had its offer")
        self.assertEqual(sum("in force" in text for text in running.messages("info")), reloads)
        kind, _, _ = running.socket.partition(":")
        print(f"{kind}: {RESTARTS} restarts, 1 kill -9, {reloads} reloads: {load.sent()} messages, {len(accepted)} accepted, each "
              f"delivered once with our field; {sum(deferrals.values())} deferrals before that ({dict(deferrals)}); "
              f"{callers.answered} connections besides were answered, {callers.lost} lost by the kill, 0 refused; {max(away):.2f} s "
              f"without a process and {callers.longest:.2f} s for an offer at most", flush=True)


if __name__ == "__main__":
    unittest.main()
