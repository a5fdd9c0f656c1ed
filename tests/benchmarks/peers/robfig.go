// SPDX-License-Identifier: MIT
// robfig.go - asks robfig/cron what Carillon is asked (carillon.cpp).
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron"
)

type group struct {
	zone, expression string
	starts, answers  []time.Time
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "robfig:", err)
		os.Exit(1)
	}
}

func readQuestions() (groups []*group) {
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		columns := strings.Split(input.Text(), "\t")
		location, err := time.LoadLocation(columns[0])
		must(err)
		instant := func(text string) time.Time {
			seconds, err := strconv.ParseInt(text, 10, 64)
			must(err)
			return time.Unix(seconds, 0).In(location)
		}
		last := len(groups) - 1
		if last < 0 || groups[last].zone != columns[0] || groups[last].expression != columns[1] {
			groups = append(groups, &group{zone: columns[0], expression: columns[1]})
			last++
		}
		groups[last].starts = append(groups[last].starts, instant(columns[2]))
		groups[last].answers = append(groups[last].answers, instant(columns[3]))
	}
	must(input.Err())
	return groups
}

// Nanoseconds a call; pass makes some calls and says how many.
func nanoseconds(pass func() int) float64 {
	begin, calls := time.Now(), 0
	for calls == 0 || time.Since(begin) < 50*time.Millisecond {
		calls += pass()
	}
	return float64(time.Since(begin).Nanoseconds()) / float64(calls)
}

func main() {
	for _, group := range readQuestions() {
		schedule, err := cron.ParseStandard(group.expression)
		if err != nil {
			fmt.Printf("%s\t%s\t-\t-\n", group.zone, group.expression)
			continue
		}
		for i, start := range group.starts {
			if got := schedule.Next(start); !got.Equal(group.answers[i]) {
				must(fmt.Errorf("%s in %s after %v: %v, not %v", group.expression, group.zone, start, got, group.answers[i]))
			}
		}
		next := nanoseconds(func() int {
			for _, start := range group.starts {
				schedule.Next(start)
			}
			return len(group.starts)
		})
		parse := nanoseconds(func() int {
			_, err := cron.ParseStandard(group.expression)
			must(err)
			return 1
		})
		fmt.Printf("%s\t%s\t%.1f\t%.1f\n", group.zone, group.expression, next, parse)
	}
}
