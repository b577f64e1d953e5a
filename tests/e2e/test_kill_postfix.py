#!/usr/bin/python3
"""kill -9 of assayd behind a loaded Postfix: what was accepted is delivered once, stamped, and without forged fields; all other
mail is deferred; and mail flows again as soon as the daemon does.
"""

import json
import time
import unittest

import senders
import served

DOWN = [1.5, 1.5] + 10 * [0]  # seconds without a daemon, after each kill
ACCEPTED = 25  # messages before and after each kill

setUpModule = served.require  # pylint: disable=invalid-name


class KillBehindPostfix(unittest.TestCase):
    def test_mail_is_accepted_and_stamped_or_deferred(self):
        for unix in (True, False):
            with self.subTest(unix=unix), served.Served(main_cf={"milter_default_action": "tempfail"}, unix=unix) as both:
                self.kill_under_load(both.daemon, both.postfix)

    def kill_under_load(self, running, server):
        load = senders.Senders(server)
        flowing = []
        try:
            for seconds in DOWN:
                load.await_accepted(ACCEPTED)
                running.kill()
                time.sleep(seconds)
                running.start()
                begin = time.monotonic()
                load.await_accepted(1)
                flowing.append(time.monotonic() - begin)
            load.await_accepted(ACCEPTED)
        finally:
            load.stop()
        running.assert_sound(self)

        accepted, others = load.accepted(), load.refusals()
        # Postfix's word for a filter that is gone. That a message was deferred is not left to luck: all are while there is none.
        self.assertEqual(set(others), {"451 4.7.1"}, others)
        senders.assert_delivered_once(self, server, accepted)

        # The log goes on; what was written is whole but for the line at each kill.
        records, broken = set(), 0
        for line in running.log.read_bytes().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                broken += 1
            else:
                records |= {entry["queue_id"]} if "decision" in entry else set()
        self.assertLessEqual(broken, len(DOWN))
        at_end = server.log_text().count(": milter-reject: END-OF-MESSAGE from ")
        kind, _, _ = running.socket.partition(":")
        print(f"{kind}: {len(DOWN)} kills, {max(DOWN)} s without a daemon at most: {len(accepted)} messages accepted, each "
              f"delivered once with our field; {sum(others.values())} deferred, {at_end} of them at their end; mail flowed again "
              f"{max(flowing):.2f} s after the daemon at most; {len(load.queue_ids() - records)} accepted without a record, {broken} "
              f"torn lines", flush=True)


if __name__ == "__main__":
    unittest.main()
