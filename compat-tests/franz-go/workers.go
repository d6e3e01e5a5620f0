package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// worker reads in a group until it is told to leave, and tells what happens to it.
type worker struct {
	member  string
	stop    context.CancelFunc
	stopped chan struct{}
}

var workers = map[string]*worker{}

func (w *worker) leave() {
	w.stop()
	<-w.stopped
}

func (w *worker) tell(kind string, fields map[string]any) {
	fields["kind"], fields["member"], fields["at"] = kind, w.member, time.Now().UnixMilli()
	printLine(map[string]any{"event": fields})
}

func newWorker(member string) (*worker, context.Context) {
	ctx, stop := context.WithCancel(context.Background())
	w := &worker{member, stop, make(chan struct{})}
	workers[member] = w
	return w, ctx
}

// options are those of every member; rebalances wait until what was polled is committed.
func (w *worker) options(group, topic string, sessionTimeout time.Duration) []kgo.Opt {
	note := func(kind string) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, cl *kgo.Client, partitions map[string][]int32) {
			numbers := append([]int32{}, partitions[topic]...)
			fields := map[string]any{"partitions": numbers}
			if kind == "assigned" {
				_, fields["generation"] = cl.GroupMetadata()
			}
			w.tell(kind, fields)
		}
	}
	return []kgo.Opt{
		kgo.SeedBrokers(bootstrap), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200 * time.Millisecond),
		kgo.SessionTimeout(sessionTimeout), kgo.HeartbeatInterval(500 * time.Millisecond), kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(note("assigned")), kgo.OnPartitionsRevoked(note("revoked")), kgo.OnPartitionsLost(note("lost")),
	}
}

// work reads, and commits each batch when it has told it.
func work(c command) error {
	w, ctx := newWorker(c.Member)
	options := w.options(c.Group, c.Topic, 6*time.Second)
	if c.Instance != "" {
		options = append(options, kgo.InstanceID(c.Instance))
	}
	switch {
	case c.Protocol == "consumer":
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	case c.Assignor == "range":
		options = append(options, kgo.Balancers(kgo.RangeBalancer()))
	}
	cl, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	go func() {
		defer close(w.stopped)
		for ctx.Err() == nil {
			fetches := cl.PollRecords(ctx, 20)
			if err := fetches.Err(); err != nil && ctx.Err() == nil {
				w.tell("refused", map[string]any{"error": err.Error()})
			}
			if records := fetches.Records(); len(records) > 0 {
				w.commit(cl, records)
			}
			cl.AllowRebalance()
		}
		cl.CloseAllowingRebalance()
	}()
	return nil
}

func (w *worker) commit(cl *kgo.Client, records []*kgo.Record) {
	given := [][]any{}
	next := map[int32]int64{}
	for _, r := range records {
		given = append(given, []any{r.Partition, r.Offset, string(r.Value)})
		next[r.Partition] = r.Offset + 1
	}
	w.tell("records", map[string]any{"records": given})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := cl.CommitRecords(ctx, records...); err != nil {
		w.tell("refused", map[string]any{"error": err.Error()})
		return
	}
	offsets := [][]int64{}
	for partition, offset := range next {
		offsets = append(offsets, []int64{int64(partition), offset})
	}
	w.tell("committed", map[string]any{"offsets": offsets})
}

// transact passes records on under transactions; each fifth is aborted when all is sent, and read again.
func transact(c command) error {
	w, ctx := newWorker(c.Member)
	options := append(w.options(c.Group, c.From, 3*time.Second), kgo.TransactionalID(c.TransactionalID),
		kgo.TransactionTimeout(10*time.Second), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if c.Protocol == "consumer" {
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	}
	session, err := kgo.NewGroupTransactSession(options...)
	if err != nil {
		return err
	}
	go func() {
		defer close(w.stopped)
		for transactions := 1; ctx.Err() == nil; {
			records := session.PollRecords(ctx, 20).Records()
			if len(records) > 0 {
				if err := w.pass(session, c.To, records, transactions%5 != 0); err != nil {
					w.tell("refused", map[string]any{"error": err.Error()})
					os.Exit(1) // the runner starts another
				}
				transactions++
			}
			session.AllowRebalance()
		}
		session.CloseAllowingRebalance()
	}()
	return nil
}

func (w *worker) pass(session *kgo.GroupTransactSession, to string, records []*kgo.Record, commits bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if err := session.Begin(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, r := range records {
		session.Produce(ctx, &kgo.Record{Topic: to, Key: r.Key, Value: r.Value}, func(*kgo.Record, error) {})
	}
	if err := session.Client().Flush(ctx); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	committed, err := session.End(ctx, kgo.TransactionEndTry(commits))
	if err != nil {
		return fmt.Errorf("end: %w", err)
	}
	w.tell("transaction", map[string]any{"committed": committed, "count": len(records)})
	return nil
}
