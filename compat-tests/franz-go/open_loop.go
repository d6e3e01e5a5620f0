package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"sort"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// distribution is what the latencies of one kind came to, in milliseconds.
type distribution struct {
	Average float64 `json:"average"`
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
	P999    float64 `json:"p999"`
	Max     float64 `json:"max"`
}

// openLoop sends records at a fixed rate and reads them back. Every time is counted from the moment at which the record was meant to be
// sent: a broker (or this program) that stands still delays all the records of that while, and each of them says so.
func openLoop(c command) (any, error) {
	total := c.Rate * (c.WarmUpSeconds + c.Seconds)
	first := c.Rate * c.WarmUpSeconds
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.WarmUpSeconds+c.Seconds)*time.Second+30*time.Second)
	defer cancel()
	producer, err := client(producerOptions(c)...)
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	from := map[string]map[int32]kgo.Offset{c.Topic: {0: kgo.NewOffset().AtStart()}}
	consumer, err := client(kgo.ConsumePartitions(from), kgo.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer consumer.Close()

	run := &openLoopRun{
		interval:     time.Second / time.Duration(c.Rate),
		late:         make([]time.Duration, total),
		acknowledged: make([]time.Duration, total),
		read:         make([]time.Duration, total),
	}
	// The first record opens connections and learns of the topic; it is sent ahead and belongs to no number.
	if err := producer.ProduceSync(ctx, run.record(c, total)).FirstErr(); err != nil {
		return nil, err
	}
	run.began = time.Now().Add(100 * time.Millisecond)
	done := make(chan error, 2)
	go func() { done <- run.readAll(ctx, consumer) }()
	go func() { done <- run.sendAll(ctx, producer, c) }()
	for range 2 {
		if err := <-done; err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"late": distributionOf(run.late[first:]), "acknowledged": distributionOf(run.acknowledged[first:]),
		"read": distributionOf(run.read[first:]),
	}, nil
}

func producerOptions(c command) []kgo.Opt {
	options := []kgo.Opt{
		kgo.DefaultProduceTopic(c.Topic), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	}
	switch c.Acks {
	case "0":
		return append(options, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(5))
	case "1":
		return append(options, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(5))
	}
	return options
}

type openLoopRun struct {
	interval time.Duration
	began    time.Time
	// By the record's number, each written once.
	late, acknowledged, read []time.Duration
}

func (r *openLoopRun) meant(number int) time.Time {
	return r.began.Add(time.Duration(number) * r.interval)
}

func (r *openLoopRun) record(c command, number int) *kgo.Record {
	value := make([]byte, max(8, c.RecordBytes))
	binary.BigEndian.PutUint64(value, uint64(number))
	return &kgo.Record{Value: value}
}

func (r *openLoopRun) sendAll(ctx context.Context, producer *kgo.Client, c command) error {
	// Go's own timers may come a millisecond late; the kernel's do not, on a thread of our own.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	failed := make(chan error, 1)
	for number := range r.late {
		meant := r.meant(number)
		if err := sleepUntil(meant); err != nil {
			return err
		}
		r.late[number] = time.Since(meant)
		producer.Produce(ctx, r.record(c, number), func(_ *kgo.Record, err error) {
			r.acknowledged[number] = time.Since(meant)
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	if err := producer.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func sleepUntil(moment time.Time) error {
	for {
		left := time.Until(moment)
		if left <= 0 {
			return nil
		}
		span := syscall.NsecToTimespec(int64(left))
		if err := syscall.Nanosleep(&span, nil); err != nil && err != syscall.EINTR {
			return err
		}
	}
}

func (r *openLoopRun) readAll(ctx context.Context, consumer *kgo.Client) error {
	for left := len(r.read); left > 0; {
		fetches := consumer.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("%d records were not read: %w", left, err)
		}
		now := time.Now()
		fetches.EachRecord(func(record *kgo.Record) {
			number := binary.BigEndian.Uint64(record.Value)
			if number >= uint64(len(r.read)) {
				return
			}
			r.read[number] = now.Sub(r.meant(int(number)))
			left--
		})
	}
	return nil
}

func distributionOf(latencies []time.Duration) distribution {
	sorted := append([]time.Duration{}, latencies...)
	sort.Slice(sorted, func(a, b int) bool { return sorted[a] < sorted[b] })
	milliseconds := func(latency time.Duration) float64 { return float64(latency) / float64(time.Millisecond) }
	at := func(part float64) float64 {
		return milliseconds(sorted[min(len(sorted)-1, int(part*float64(len(sorted))))])
	}
	sum := time.Duration(0)
	for _, latency := range sorted {
		sum += latency
	}
	return distribution{milliseconds(sum / time.Duration(len(sorted))), at(0.5), at(0.99), at(0.999), at(1)}
}
