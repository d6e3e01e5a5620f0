"""confluent-kafka at work on its own: a member that reads and commits, and a loop of read, process, write under transactions."""

import os
import threading

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from command_loop import tell


class Worker:
    """A thread that calls `step` again and again until it is told to leave."""

    def __init__(self, bootstrap, member, consumer_settings):
        self.member = member
        self.leaving = False
        self.consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 200,
                **consumer_settings,
            }
        )
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self, topic):
        self.consumer.subscribe([topic], on_assign=self.assigned, on_revoke=self.revoked, on_lost=self.lost)
        self.thread.start()
        return self

    def assigned(self, _, partitions):
        tell("assigned", self.member, generation=None, partitions=[p.partition for p in partitions])

    def revoked(self, _, partitions):
        tell("revoked", self.member, partitions=[p.partition for p in partitions])

    def lost(self, _, partitions):
        tell("lost", self.member, partitions=[p.partition for p in partitions])

    def run(self):
        try:
            while not self.leaving:
                messages = []
                for message in self.consumer.consume(20, 0.1):
                    if message.error() is None:
                        messages.append(message)
                    elif message.error().fatal():
                        raise KafkaException(message.error())
                if messages:
                    self.step(messages)
            self.consumer.close()
        except Exception as error:
            self.fail(error)

    def fail(self, error):
        tell("failed", self.member, error="%s: %s" % (type(error).__name__, error))

    def leave(self):
        self.leaving = True
        self.thread.join(30)


def next_offsets(messages):
    positions = {}
    for message in messages:
        positions[(message.topic(), message.partition())] = message.offset() + 1
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in positions.items()]


class CommittingMember(Worker):
    def __init__(self, bootstrap, member, group, protocol, instance=None, assignor=None):
        settings = {"group.id": group}
        if protocol == "consumer":
            settings["group.protocol"] = "consumer"
        else:
            settings.update({"session.timeout.ms": 6000, "heartbeat.interval.ms": 500})
        if instance:
            settings["group.instance.id"] = instance
        if assignor:
            settings["group.remote.assignor" if protocol == "consumer" else "partition.assignment.strategy"] = assignor
        super().__init__(bootstrap, member, settings)

    def step(self, messages):
        records = [[m.partition(), m.offset(), m.value().decode()] for m in messages]
        tell("records", self.member, records=records)
        try:
            committed = self.consumer.commit(offsets=next_offsets(messages), asynchronous=False)
        except KafkaException as error:
            tell("refused", self.member, error=str(error))
            return
        for one in committed:
            if one.error is not None:
                tell("refused", self.member, error=str(one.error))
        tell("committed", self.member, offsets=[[p.partition, p.offset] for p in committed if p.error is None])


class TransactionalWorker(Worker):
    """Each fifth transaction is aborted when all is sent, and its records are read again."""

    def __init__(self, bootstrap, member, group, protocol, to, transactional_id):
        settings = {"group.id": group, "isolation.level": "read_committed"}
        if protocol == "consumer":
            settings["group.protocol"] = "consumer"
        else:
            settings.update({"session.timeout.ms": 3000, "heartbeat.interval.ms": 300})
        super().__init__(bootstrap, member, settings)
        self.to = to
        self.transactions = 0
        self.producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": 10000,
                # When its only broker is gone, librdkafka 2.16 forgets it, but goes on to wait for the group's coordinator that
                # it was, beyond any timeout (its issues 5511 and 5456).
                "metadata.recovery.strategy": "none",
                "linger.ms": 1,
            }
        )
        self.producer.init_transactions(30)

    def step(self, messages):
        self.transactions += 1
        try:
            self.producer.begin_transaction()
            for message in messages:
                self.producer.produce(self.to, key=message.key(), value=message.value())
            self.producer.send_offsets_to_transaction(
                next_offsets(messages), self.consumer.consumer_group_metadata(), 10
            )
            if self.transactions % 5 == 0:
                self.abort(messages)
            else:
                self.commit()
                tell("transaction", self.member, committed=True, count=len(messages))
        except KafkaException as error:
            if not error.args[0].txn_requires_abort():
                raise
            tell("refused", self.member, error=str(error))
            self.abort(messages)

    def commit(self):
        while True:
            try:
                return self.producer.commit_transaction(10)
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise

    def abort(self, messages):
        while True:
            try:
                self.producer.abort_transaction(10)
                break
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
        tell("transaction", self.member, committed=False, count=len(messages))
        first = {}
        for message in messages:
            first.setdefault(message.partition(), TopicPartition(message.topic(), message.partition(), message.offset()))
        mine = {p.partition for p in self.consumer.assignment()}
        for partition, position in first.items():
            if partition in mine:
                self.consumer.seek(position)

    def fail(self, error):
        tell("refused", self.member, error="%s: %s" % (type(error).__name__, error))
        os._exit(1)  # the runner starts another


def worker_commands(bootstrap):
    workers = {}

    def work(member, group, topic, protocol, instance=None, assignor=None):
        workers[member] = CommittingMember(bootstrap, member, group, protocol, instance, assignor).start(topic)

    def transact(member, group, protocol, to, transactionalId, **fields):
        workers[member] = TransactionalWorker(bootstrap, member, group, protocol, to, transactionalId).start(fields["from"])

    return {"work": work, "transact": transact, "leave": lambda member: workers.pop(member).leave()}
