// Command driver drives franz-go by the command lines of compat-tests/README.md: one JSON object a line, in and out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type record struct {
	Topic     string            `json:"topic"`
	Partition int32             `json:"partition"`
	Offset    int64             `json:"offset"`
	Key       string            `json:"key"`
	Value     string            `json:"value"`
	Headers   map[string]string `json:"headers"`
}

type command struct {
	Command    string            `json:"command"`
	Topic      string            `json:"topic"`
	Topics     []string          `json:"topics"`
	Partitions int32             `json:"partitions"`
	Codec      string            `json:"codec"`
	Headers    map[string]string `json:"headers"`
	Records    []record          `json:"records"`
	Member     string            `json:"member"`
	Group      string            `json:"group"`
	Limit      int               `json:"limit"`
	Protocol   string            `json:"protocol"`
	Instance   string            `json:"instance"`
	Assignor   string            `json:"assignor"`
	From       string            `json:"from"`
	To         string            `json:"to"`
	// TransactionalID names the producer of a pipeline.
	TransactionalID string `json:"transactionalId"`
	// Of openLoop: records a second, for so long, of so many bytes.
	Rate          int    `json:"rate"`
	WarmUpSeconds int    `json:"warmUpSeconds"`
	Seconds       int    `json:"seconds"`
	RecordBytes   int    `json:"recordBytes"`
	Acks          string `json:"acks"`
}

type handedOut struct {
	Assignment []int32  `json:"assignment"`
	Records    []record `json:"records"`
}

var (
	bootstrap string
	members   = map[string]*member{}
	codecs    = map[string]kgo.CompressionCodec{
		"none":   kgo.NoCompression(),
		"gzip":   kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(),
		"lz4":    kgo.Lz4Compression(),
		"zstd":   kgo.ZstdCompression(),
	}
)

func main() {
	bootstrap = os.Args[1]
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var c command
		answer := map[string]any{}
		err := json.Unmarshal(lines.Bytes(), &c)
		if err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			answer["result"], err = run(ctx, c)
			cancel()
		}
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		printLine(answer)
	}
}

var printing sync.Mutex

func printLine(line any) {
	encoded, _ := json.Marshal(line)
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(encoded))
}

func run(ctx context.Context, c command) (any, error) {
	switch c.Command {
	case "createTopic":
		return struct{}{}, createTopic(ctx, c)
	case "produce":
		return struct{}{}, produce(ctx, c)
	case "readAll":
		return readAll(ctx, c)
	case "open":
		m, err := open(c)
		members[c.Member] = m
		return struct{}{}, err
	case "poll":
		return members[c.Member].handOut()
	case "commit":
		return members[c.Member].commit(ctx)
	case "close":
		return members[c.Member].close()
	case "work":
		return struct{}{}, work(c)
	case "transact":
		return struct{}{}, transact(c)
	case "openLoop":
		return openLoop(c)
	case "leave":
		workers[c.Member].leave()
		return struct{}{}, nil
	}
	return nil, fmt.Errorf("no such command: %q", c.Command)
}

func client(more ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(bootstrap)}, more...)...)
}

func createTopic(ctx context.Context, c command) error {
	cl, err := client()
	if err != nil {
		return err
	}
	defer cl.Close()
	_, err = kadm.NewClient(cl).CreateTopic(ctx, c.Partitions, 1, nil, c.Topic)
	return err
}

func produce(ctx context.Context, c command) error {
	cl, err := client(kgo.ProducerBatchCompression(codecs[c.Codec]), kgo.ProducerLinger(20*time.Millisecond))
	if err != nil {
		return err
	}
	defer cl.Close()
	var records []*kgo.Record
	for _, r := range c.Records {
		out := &kgo.Record{Topic: c.Topic, Key: []byte(r.Key), Value: []byte(r.Value)}
		for name, value := range c.Headers {
			out.Headers = append(out.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
		}
		records = append(records, out)
	}
	return cl.ProduceSync(ctx, records...).FirstErr()
}

func toRecord(r *kgo.Record) record {
	headers := map[string]string{}
	for _, h := range r.Headers {
		headers[h.Key] = string(h.Value)
	}
	return record{r.Topic, r.Partition, r.Offset, string(r.Key), string(r.Value), headers}
}

func readAll(ctx context.Context, c command) (any, error) {
	cl, err := client(kgo.ConsumeTopics(c.Topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	listed, err := kadm.NewClient(cl).ListEndOffsets(ctx, c.Topics...)
	if err != nil {
		return nil, err
	}
	left := map[string]int64{}
	listed.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[fmt.Sprint(o.Topic, "/", o.Partition)] = o.Offset
		}
	})
	records := []record{}
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			records = append(records, toRecord(r))
			name := fmt.Sprint(r.Topic, "/", r.Partition)
			if r.Offset+1 >= left[name] {
				delete(left, name)
			}
		})
	}
	return map[string]any{"records": records}, nil
}

// member polls until its limit of records came; franz-go heartbeats by itself.
type member struct {
	mutex      sync.Mutex
	client     *kgo.Client
	stop       context.CancelFunc
	stopped    chan struct{}
	assignment map[int32]bool
	waiting    []record
	taken      []*kgo.Record
	failure    error
}

func open(c command) (*member, error) {
	ctx, stop := context.WithCancel(context.Background())
	m := &member{stop: stop, stopped: make(chan struct{}), assignment: map[int32]bool{}}
	note := func(assigned bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
			m.mutex.Lock()
			defer m.mutex.Unlock()
			for _, p := range partitions[c.Topic] {
				if assigned {
					m.assignment[p] = true
				} else {
					delete(m.assignment, p)
				}
			}
		}
	}
	var err error
	m.client, err = client(
		kgo.ConsumerGroup(c.Group), kgo.ConsumeTopics(c.Topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200*time.Millisecond),
		kgo.SessionTimeout(10*time.Second), kgo.HeartbeatInterval(500*time.Millisecond),
		kgo.OnPartitionsAssigned(note(true)), kgo.OnPartitionsRevoked(note(false)), kgo.OnPartitionsLost(note(false)),
	)
	if err == nil {
		go m.loop(ctx, c.Limit)
	}
	return m, err
}

func (m *member) loop(ctx context.Context, limit int) {
	defer close(m.stopped)
	for count := 0; count < limit && ctx.Err() == nil; {
		fetches := m.client.PollRecords(ctx, min(10, limit-count))
		m.mutex.Lock()
		if err := fetches.Err(); err != nil && ctx.Err() == nil {
			m.failure = err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			count++
			m.waiting = append(m.waiting, toRecord(r))
			m.taken = append(m.taken, r)
		})
		m.mutex.Unlock()
	}
}

func (m *member) handOut() (any, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	out := handedOut{[]int32{}, append([]record{}, m.waiting...)}
	m.waiting = nil
	for p := range m.assignment {
		out.Assignment = append(out.Assignment, p)
	}
	sort.Slice(out.Assignment, func(a, b int) bool { return out.Assignment[a] < out.Assignment[b] })
	return out, m.failure
}

func (m *member) commit(ctx context.Context) (any, error) {
	m.mutex.Lock()
	taken := m.taken
	m.taken = nil
	m.mutex.Unlock()
	if err := m.client.CommitRecords(ctx, taken...); err != nil {
		return nil, err
	}
	return m.handOut()
}

func (m *member) close() (any, error) {
	m.stop()
	<-m.stopped
	m.client.Close()
	return m.handOut()
}
