"""The faulty DNS server of tests/support as a process; its script is described in tests/support/faulty_dns.h."""

import subprocess

import daemon


class FaultyDns:
    """Answers on 127.0.0.1, UDP and TCP, from the first script on."""

    def __init__(self, script=""):
        self._process = subprocess.Popen([daemon.BIN / "faulty_dns"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._process.stdout.readline())
        self.set_script(script)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _tell(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def _do(self, command):
        answer = self._tell(command)
        assert answer == "done", f"{command.splitlines()[0]}: {answer}"

    @property
    def address(self):
        return f"127.0.0.1@{self.port}"

    def set_script(self, script):
        self._do("script\n" + script + "\n.")

    def stop(self):
        """The kernel refuses what is sent."""
        self._do("stop")

    def start(self, *, tcp=True):
        self._do("start" if tcp else "start udp")

    def mute(self):
        self._do("mute")

    def unmute(self):
        self._do("unmute")

    def count(self, name=""):
        return int(self._tell(f"count {name}"))

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)
