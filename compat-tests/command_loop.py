"""What the drivers written in Python share: the command lines of README.md, and a group member's thread."""

import json
import os
import sys
import threading
import time


PRINTING = threading.Lock()


def print_line(line):
    with PRINTING:
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
        sys.stdout.flush()


def tell(kind, member, **fields):
    """What a member does, told when it does it; what is told survives a kill."""
    print_line({"event": {"kind": kind, "member": member, "at": int(time.time() * 1000), **fields}})


def run_commands(commands):
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": commands[request.pop("command")](**request) or {}}
        except Exception as error:  # the runner reports it, whatever it is
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        print_line(answer)
    os._exit(0)  # a member that was not closed is to look like one that died


class Member:
    """Polls until `limit` records came, and goes on polling, paused, to stay a member. The lock is the consumer's."""

    def __init__(self, limit):
        self.limit = limit
        self.count = 0
        self.waiting = []
        self.ended = False
        self.failure = None
        self.lock = threading.Lock()

    def start(self):
        threading.Thread(target=self._loop, daemon=True).start()

    def _loop(self):
        while not self.ended:
            try:
                with self.lock:
                    if not self.ended:
                        for record in self.poll_once(paused=self.count >= self.limit):
                            self.count += 1
                            self.waiting.append(record)
            except Exception as error:
                self.failure = error
                return
            time.sleep(0.005)  # lets a command have the lock

    def hand_out(self):
        if self.failure:
            raise self.failure
        records, self.waiting = self.waiting, []
        return {"assignment": sorted(self.assignment()), "records": records}

    def poll(self):
        with self.lock:
            return self.hand_out()

    def commit(self):
        with self.lock:
            self.commit_positions()
            return self.hand_out()

    def close(self):
        with self.lock:
            self.ended = True
            answer = self.hand_out()
            self.close_consumer()
            return answer


def member_commands(create):
    members = {}

    def open_member(member, **more):
        members[member] = create(**more)
        members[member].start()

    return {
        "open": open_member,
        "poll": lambda member: members[member].poll(),
        "commit": lambda member: members[member].commit(),
        "close": lambda member: members.pop(member).close(),
    }
