package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/googledatamanager"
	"github.com/customhouse-cdp/customhouse/syncs/meta"
)

// membersEncoded is how many rows are encoded, chunk by chunk.
const (
	membersEncoded = 1_000_000
	membersChunk   = 10_000
)

// destinations measures the encoding of members of audiences, hashing included,
// against a plain loop of SHA-256 over the values that are hashed, written in
// hexadecimal one after the other.
func destinations(b *bench) error {
	fields := []string{"email", "phone", "first_name", "last_name", "zip", "country"}
	for _, d := range []struct {
		name string
		open syncs.Destination
		// hashed is how many of the fields are, from the first on.
		hashed int
	}{
		{"destinations/meta-encode", meta.New(&meta.Config{}), 6},
		{"destinations/data-manager-encode", googledatamanager.New(&googledatamanager.Config{Account: "1", Concurrency: 1}), 4},
	} {
		chunk := advertisedTo(fields)
		var encoding, plain []float64
		var allocations int64
		for range b.runs {
			cpu, allocated, err := encodeMembers(d.open, chunk)
			if err != nil {
				return err
			}
			encoding, allocations = append(encoding, cpu.Seconds()), allocated
			plain = append(plain, hashPlainly(chunk, d.hashed).Seconds())
		}
		ratio(d.name, median(encoding)/median(plain), 3)
		fmt.Printf("FIGURE %s-allocations %.4f a row\n", d.name, float64(allocations)/membersEncoded)
	}
	return nil
}

// advertisedTo makes a chunk of rows with these fields.
func advertisedTo(fields []string) syncs.Chunk {
	c := syncs.Chunk{
		RunID: "bench", Number: 1, SentAt: time.Unix(1795309323, 0), Secrets: func(secret.Ref) secret.Value { return secret.NewValue("") },
		Schema: syncs.Schema{Sync: "bench", Object: "audience/1", Key: fields[0]},
	}
	for _, f := range fields {
		c.Schema.Fields = append(c.Schema.Fields, syncs.Field{Name: f, Type: syncs.String})
	}
	for i := range membersChunk {
		c.Ops = append(c.Ops, syncs.Op{Kind: syncs.Add, Key: strconv.Itoa(i), Values: []any{
			fmt.Sprintf("Jane.Doe.%d@Example.com", i), fmt.Sprintf("+336123%05d", i), "Jane", fmt.Sprintf("O'Brien-%d", i), fmt.Sprintf("%05d", i), "FR",
		}})
	}
	return c
}

// encodeMembers encodes the chunk until there were enough rows.
func encodeMembers(d syncs.Destination, chunk syncs.Chunk) (cpu time.Duration, allocations int64, err error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := ownTime()
	for range membersEncoded / membersChunk {
		requests, rejections := d.Encode(chunk)
		if len(requests) != 1 || len(requests[0].Ops) != membersChunk || len(rejections) > 0 {
			return 0, 0, errors.New("rows are missing from what was encoded")
		}
	}
	cpu = ownTime() - start
	runtime.ReadMemStats(&after)
	return cpu, int64(after.Mallocs - before.Mallocs), nil //nolint:gosec // There are fewer than 2^63.
}

// hashPlainly hashes the first values of each row, until there were enough rows.
func hashPlainly(chunk syncs.Chunk, hashed int) time.Duration {
	runtime.GC()
	start := ownTime()
	for range membersEncoded / membersChunk {
		b := make([]byte, 0, membersChunk*hashed*2*sha256.Size)
		for i := range chunk.Ops {
			for _, v := range chunk.Ops[i].Values[:hashed] {
				text, _ := v.(string)
				sum := sha256.Sum256([]byte(text))
				b = hex.AppendEncode(b, sum[:])
			}
		}
	}
	return ownTime() - start
}

// ownTime is what this process has used of the CPU.
func ownTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // It is asked for this process.
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
