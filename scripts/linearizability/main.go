// Program linearizability reads the history of concurrent bookings as clients observed them and decides, by
// Porcupine, whether some order of single steps explains it: per window, and per person.
//
// It reads JSON from standard input and writes its verdict as JSON to standard output:
//
//	{"capacities": {"7": 3}, "operations": [{"client": 0, "person": "p1", "kind": "book", "slot": "7",
//	  "fromSlot": "", "outcome": "done", "call": 10, "return": 20}]}
//	{"verdict": "linearizable", "partitions": 4, "operations": 2, "broken": []}
//
// Verdicts are linearizable, notLinearizable and undecided (the time was over).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// operation is one act as its client saw it; times are nanoseconds of one clock.
type operation struct {
	Client   int    `json:"client"`
	Person   string `json:"person"`
	Kind     string `json:"kind"`
	Slot     string `json:"slot"`
	FromSlot string `json:"fromSlot"`
	// done, full, alreadyBooked, notBooked, or unknown: the answer never came, and it may have been done or not.
	Outcome string `json:"outcome"`
	Call    int64  `json:"call"`
	Return  int64  `json:"return"`
}

type history struct {
	Capacities map[string]int `json:"capacities"`
	Operations []operation    `json:"operations"`
}

type broken struct {
	Partition string `json:"partition"`
	// The longest part that some order explains, and how many operations there are.
	Explained  int `json:"explained"`
	Operations int `json:"operations"`
}

type verdict struct {
	Verdict    string   `json:"verdict"`
	Partitions int      `json:"partitions"`
	Operations int      `json:"operations"`
	Broken     []broken `json:"broken"`
}

const (
	takes = "take"
	frees = "free"
)

// step is what an operation does to one partition: somebody takes or frees one of its places.
type step struct {
	what string
	who  string
}

// places is who holds a place, sorted and joined, so that states compare as text; capacity -1 has no bound.
type places struct {
	capacity int
	holders  string
}

func (p places) list() []string {
	if p.holders == "" {
		return nil
	}
	return strings.Split(p.holders, ",")
}

func (p places) holds(who string) bool {
	for _, holder := range p.list() {
		if holder == who {
			return true
		}
	}
	return false
}

func (p places) with(who string) places {
	holders := append(p.list(), who)
	sort.Strings(holders)
	return places{p.capacity, strings.Join(holders, ",")}
}

func (p places) without(who string) places {
	var left []string
	for _, holder := range p.list() {
		if holder != who {
			left = append(left, holder)
		}
	}
	return places{p.capacity, strings.Join(left, ",")}
}

// model says how places are taken and freed one at a time. An unknown outcome takes effect where it can; one that
// never did is explained by coming last, since it never returned.
func model(capacity int) porcupine.Model {
	return porcupine.Model{
		Init: func() interface{} { return places{capacity, ""} },
		Step: func(state, input, output interface{}) (bool, interface{}) {
			now, what, outcome := state.(places), input.(step), output.(string)
			full := now.capacity >= 0 && len(now.list()) >= now.capacity
			switch {
			case what.what == takes && outcome == "done":
				return !full && !now.holds(what.who), now.with(what.who)
			case what.what == takes && outcome == "full":
				return full, now
			case what.what == takes && outcome == "alreadyBooked":
				return len(now.list()) > 0, now
			case what.what == takes && outcome == "unknown":
				if full || now.holds(what.who) {
					return true, now
				}
				return true, now.with(what.who)
			case what.what == frees && outcome == "done":
				return now.holds(what.who), now.without(what.who)
			case what.what == frees && outcome == "notBooked":
				return !now.holds(what.who), now
			case what.what == frees && outcome == "unknown":
				return true, now.without(what.who)
			}
			return false, now
		},
		Equal: func(a, b interface{}) bool { return a.(places) == b.(places) },
	}
}

// part is one window with its capacity, or one person with room for a single appointment.
type part struct {
	capacity   int
	operations []porcupine.Operation
}

func (p *part) add(o operation, what step) {
	end := o.Return
	if o.Outcome == "unknown" {
		end = math.MaxInt64
	}
	p.operations = append(p.operations, porcupine.Operation{
		ClientId: o.Client, Input: what, Call: o.Call, Output: o.Outcome, Return: end,
	})
}

// partitions takes a history apart. A move takes in one window and frees in the other between the same call and
// return; for the person it changes nothing. Answers that say nothing of a partition leave it out.
func partitions(h history) map[string]*part {
	parts := map[string]*part{}
	at := func(name string, capacity int) *part {
		if parts[name] == nil {
			parts[name] = &part{capacity: capacity}
		}
		return parts[name]
	}
	window := func(slot string) *part {
		capacity, known := h.Capacities[slot]
		if !known {
			capacity = -1
		}
		return at("window "+slot, capacity)
	}
	for _, o := range h.Operations {
		ofWindow := o.Outcome == "done" || o.Outcome == "full" || o.Outcome == "unknown"
		switch o.Kind {
		case "book":
			if ofWindow {
				window(o.Slot).add(o, step{takes, o.Person})
			}
			if o.Outcome != "full" {
				at("person "+o.Person, 1).add(o, step{takes, "appointment"})
			}
		case "move":
			if ofWindow {
				window(o.Slot).add(o, step{takes, o.Person})
			}
			if o.Outcome == "done" || o.Outcome == "unknown" {
				window(o.FromSlot).add(o, step{frees, o.Person})
			}
		case "cancel":
			if o.Outcome == "done" || o.Outcome == "unknown" {
				window(o.Slot).add(o, step{frees, o.Person})
			}
			at("person "+o.Person, 1).add(o, step{frees, "appointment"})
		}
	}
	return parts
}

func check(h history, patience time.Duration) verdict {
	parts := partitions(h)
	result := verdict{Verdict: "linearizable", Partitions: len(parts), Operations: len(h.Operations), Broken: []broken{}}
	names := make([]string, 0, len(parts))
	for name := range parts {
		names = append(names, name)
	}
	sort.Strings(names)
	deadline := time.Now().Add(patience)
	for _, name := range names {
		p := parts[name]
		left := time.Until(deadline)
		if left <= 0 {
			left = time.Millisecond
		}
		answer, info := porcupine.CheckOperationsVerbose(model(p.capacity), p.operations, left)
		switch answer {
		case porcupine.Illegal:
			longest := 0
			for _, partial := range info.PartialLinearizations() {
				for _, run := range partial {
					if len(run) > longest {
						longest = len(run)
					}
				}
			}
			result.Verdict = "notLinearizable"
			result.Broken = append(result.Broken, broken{name, longest, len(p.operations)})
		case porcupine.Unknown:
			if result.Verdict == "linearizable" {
				result.Verdict = "undecided"
			}
		}
	}
	return result
}

func main() {
	patience := flag.Duration("patience", time.Minute, "how long to look for an order")
	flag.Parse()
	var h history
	if err := json.NewDecoder(os.Stdin).Decode(&h); err != nil {
		fmt.Fprintln(os.Stderr, "the history cannot be read:", err)
		os.Exit(2)
	}
	if err := json.NewEncoder(os.Stdout).Encode(check(h, *patience)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
