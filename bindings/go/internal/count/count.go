// Package count is what the programs have in common.
package count

import (
	"fmt"
	"log"
	"os"
	"strconv"
)

// Count counts events, and says so after each tenth of them.
type Count struct {
	total, count, next, step, bytes int
}

// FromArguments takes the total from the arguments of the program.
func FromArguments() *Count {
	if len(os.Args) != 2 {
		log.Fatal("usage: COUNT")
	}
	total, err := strconv.Atoi(os.Args[1])
	if err != nil || total < 10 {
		log.Fatal("COUNT is a number, at least 10")
	}
	return &Count{total: total, next: total / 10, step: total / 10}
}

// Add is true for the last one.
func (c *Count) Add(length int) bool {
	c.count++
	c.bytes += length
	if c.count == c.next {
		fmt.Println("EVENTS", c.count)
		c.next += c.step
	}
	return c.count == c.total
}
